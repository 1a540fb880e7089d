//! Keys and tokens that are known by their form: who issues them marks them, so that they are found.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::text::{byte_before, part, run_after, run_before, window_after, window_before};
use super::value::{Class, class, has_placeholder};

/// A form of keys or tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// What it begins with.
    pub(super) mark: &'static str,
    follows: Follows,
    /// How many bytes follow, at least.
    least: usize,
    /// How many bytes follow, at most.
    most: usize,
    /// What it is, in words.
    pub(super) what: &'static str,
}

/// What may follow a mark.
#[derive(Clone, Copy, Debug)]
enum Follows {
    /// Letters and digits.
    Letters,
    /// Capitals and digits.
    Capitals,
    /// Hexadecimal digits.
    Hex,
    /// The characters of base64 in addresses, and the full stop.
    Url,
    /// The characters of base64.
    Base64,
}

impl Follows {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Letters => byte.is_ascii_alphanumeric(),
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Url => byte.is_ascii_alphanumeric() || b"_-.".contains(&byte),
            Self::Base64 => byte.is_ascii_alphanumeric() || b"+/=".contains(&byte),
        }
    }
}

const fn form(
    mark: &'static str,
    follows: Follows,
    (least, most): (usize, usize),
    what: &'static str,
) -> Form {
    Form {
        mark,
        follows,
        least,
        most,
        what,
    }
}

/// The forms there are.
pub(super) const FORMS: &[Form] = &[
    form("AKIA", Follows::Capitals, (16, 16), "an access key of AWS"),
    form("ASIA", Follows::Capitals, (16, 16), "an access key of AWS"),
    form(
        "AccountKey=",
        Follows::Base64,
        (86, 90),
        "a key of Azure Storage",
    ),
    form(
        "SharedAccessKey=",
        Follows::Base64,
        (43, 90),
        "a shared access key of Azure",
    ),
    form("ghp_", Follows::Letters, (36, 255), "a token of GitHub"),
    form("gho_", Follows::Letters, (36, 255), "a token of GitHub"),
    form("ghu_", Follows::Letters, (36, 255), "a token of GitHub"),
    form("ghs_", Follows::Letters, (36, 255), "a token of GitHub"),
    form("ghr_", Follows::Letters, (36, 255), "a token of GitHub"),
    form("github_pat_", Follows::Url, (60, 255), "a token of GitHub"),
    form("glpat-", Follows::Url, (20, 300), "a token of GitLab"),
    form("gldt-", Follows::Url, (20, 300), "a deploy token of GitLab"),
    form("glrt-", Follows::Url, (20, 300), "a runner token of GitLab"),
    form(
        "glptt-",
        Follows::Hex,
        (40, 40),
        "a trigger token of GitLab",
    ),
    form(
        "glagent-",
        Follows::Url,
        (50, 300),
        "an agent token of GitLab",
    ),
    form("glsoat-", Follows::Url, (20, 300), "a token of GitLab"),
    form(
        "GR1348941",
        Follows::Url,
        (20, 50),
        "a runner token of GitLab",
    ),
    form("xoxb-", Follows::Url, (20, 255), "a bot token of Slack"),
    form("xoxp-", Follows::Url, (20, 255), "a user token of Slack"),
    form("xoxa-", Follows::Url, (20, 255), "a token of Slack"),
    form("xoxe-", Follows::Url, (20, 400), "a token of Slack"),
    form("xoxs-", Follows::Url, (20, 255), "a token of Slack"),
    form("xapp-", Follows::Url, (20, 255), "an app token of Slack"),
    form(
        "hooks.slack.com/services/T",
        Follows::Base64,
        (30, 100),
        "the address of a Slack webhook, which is its own password",
    ),
    form("AIza", Follows::Url, (35, 35), "an API key of Google"),
    form(
        "GOCSPX-",
        Follows::Url,
        (28, 28),
        "a client secret of Google",
    ),
    form(
        "sk_live_",
        Follows::Letters,
        (16, 255),
        "a secret key of Stripe",
    ),
    form(
        "rk_live_",
        Follows::Letters,
        (16, 255),
        "a secret key of Stripe",
    ),
    form("SG.", Follows::Url, (64, 70), "an API key of SendGrid"),
    form("npm_", Follows::Letters, (36, 36), "a token of npm"),
    form("pypi-AgE", Follows::Url, (50, 1000), "a token of PyPI"),
    form("dop_v1_", Follows::Hex, (64, 64), "a token of DigitalOcean"),
    form("dckr_pat_", Follows::Url, (27, 40), "a token of Docker Hub"),
    form("dckr_oat_", Follows::Url, (27, 40), "a token of Docker Hub"),
    form("hvs.", Follows::Url, (24, 300), "a token of Vault"),
    form("hvb.", Follows::Url, (100, 400), "a token of Vault"),
    form(
        "glsa_",
        Follows::Url,
        (41, 41),
        "a service account token of Grafana",
    ),
    form(
        "glc_",
        Follows::Base64,
        (40, 400),
        "a token of Grafana Cloud",
    ),
    form("dapi", Follows::Hex, (32, 32), "a token of Databricks"),
    form(
        "sk-ant-",
        Follows::Url,
        (40, 300),
        "an API key of Anthropic",
    ),
    form("sk-proj-", Follows::Url, (40, 300), "an API key of OpenAI"),
    form("hf_", Follows::Letters, (34, 34), "a token of Hugging Face"),
    form(
        "NRAK-",
        Follows::Capitals,
        (27, 27),
        "an API key of New Relic",
    ),
    form("ATATT3x", Follows::Url, (100, 400), "a token of Atlassian"),
    form("shpat_", Follows::Hex, (32, 32), "a token of Shopify"),
    form("tskey-auth-", Follows::Url, (20, 100), "a key of Tailscale"),
    form("tskey-api-", Follows::Url, (20, 100), "a key of Tailscale"),
    form("sntryu_", Follows::Hex, (64, 64), "a token of Sentry"),
    form(
        "AGE-SECRET-KEY-1",
        Follows::Capitals,
        (58, 58),
        "a private key of age",
    ),
];

/// Finds a token whose mark stands at a place; returns its bytes.
pub(super) fn token(text: &str, mark: &Range<usize>, form: &Form) -> Option<Range<usize>> {
    // The marks are looked for in any case, and stand in one.
    let stands = part(text, mark) == form.mark;
    // An address goes on.
    let before = byte_before(text, mark.start);
    let begins = !is_part(before) && before != b'.' || form.mark.contains('/');
    if !stands || !begins {
        return None;
    }
    let mut end = run_after(text, mark.end, form.most + 1, |byte| form.follows.has(byte));
    if byte_before(text, end) == b'.' {
        // The stop of a sentence.
        end -= 1;
    }
    let body = text.get(mark.end..end)?;
    let right = (form.least..=form.most).contains(&body.len()) && is_made_by_chance(body);
    right.then_some(mark.start..end)
}

/// Finds a signed JSON web token that begins at a place, where `eyJ` stands.
pub(super) fn web_token(text: &str, start: usize) -> Option<Range<usize>> {
    const LONGEST: usize = 16 << 10;
    let before = byte_before(text, start);
    if is_part(before) || before == b'.' {
        return None;
    }
    let header = run_after(text, start, 1024, is_part);
    let decoded = URL_SAFE_NO_PAD.decode(text.get(start..header)?).ok()?;
    let is_header = String::from_utf8(decoded).is_ok_and(|json| json.contains("\"alg\""));
    if !is_header || text.as_bytes().get(header) != Some(&b'.') {
        return None;
    }
    let payload = run_after(text, header + 1, LONGEST, is_part);
    let end = run_after(text, payload + 1, LONGEST, is_part);
    let right =
        text.as_bytes().get(payload) == Some(&b'.') && payload - header > 8 && end - payload > 16;
    right.then_some(start..end)
}

/// Finds a client secret of Entra ID, in which `Q~` stands at a place.
pub(super) fn entra(text: &str, mark: &Range<usize>) -> Option<Range<usize>> {
    if part(text, mark) != "Q~" || !byte_before(text, mark.start).is_ascii_digit() {
        return None;
    }
    let of_secret = |byte: u8| is_part(byte) || b"~.".contains(&byte);
    let start = run_before(text, mark.start, 5, of_secret);
    let end = run_after(text, mark.end, 35, of_secret);
    let right = mark.start - start == 4 && (31..=34).contains(&(end - mark.end));
    right.then_some(start..end)
}

/// Finds the signature of a shared access signature of Azure, whose `sig=` stands at a place.
pub(super) fn signature(text: &str, mark: &Range<usize>) -> Option<Range<usize>> {
    let around = |window: &str| {
        ["se=", "sv=", "sp=", "skn="]
            .iter()
            .any(|part| window.contains(part))
    };
    let of_signature = |byte: u8| byte.is_ascii_alphanumeric() || b"%+/=_-".contains(&byte);
    if !matches!(byte_before(text, mark.start), b'?' | b'&' | b';') {
        return None;
    }
    let end = run_after(text, mark.end, 200, of_signature);
    let body = text.get(mark.end..end)?;
    let right = body.len() >= 40
        && is_made_by_chance(body)
        && (around(window_before(text, mark.start, 512)) || around(window_after(text, end, 512)));
    right.then_some(mark.end..end)
}

/// Finds a token of a bot of Telegram, in which `:AA` stands at a place.
pub(super) fn telegram(text: &str, mark: &Range<usize>) -> Option<Range<usize>> {
    let start = run_before(text, mark.start, 11, |byte| byte.is_ascii_digit());
    let end = run_after(text, mark.end, 34, is_part);
    let right = (8..=10).contains(&(mark.start - start))
        && part(text, mark) == ":AA"
        && end - mark.end == 33
        && !is_part(byte_before(text, start));
    right.then_some(start..end)
}

/// Finds the address of a webhook of Discord, of which `/api/webhooks/` stands at a place.
pub(super) fn discord(text: &str, mark: &Range<usize>) -> Option<Range<usize>> {
    let id = run_after(text, mark.end, 21, |byte| byte.is_ascii_digit());
    let end = run_after(text, id + 1, 100, is_part);
    let right = id - mark.end >= 17 && text.as_bytes().get(id) == Some(&b'/') && end - id > 60;
    right.then_some(mark.start..end)
}

/// What a token in a header is, in words.
pub(super) const HEADER: &str = "what proves a user in an `Authorization` header";

/// Finds what proves a user in a header, behind `Basic ` or `Bearer `.
pub(super) fn header(text: &str, scheme: &Range<usize>) -> Option<Range<usize>> {
    let of_token = |byte: u8| is_part(byte) || b"+/=.~".contains(&byte);
    let end = run_after(text, scheme.end, 4096, of_token);
    let token = text.get(scheme.end..end)?;
    if is_part(byte_before(text, scheme.start)) {
        return None;
    }
    let right = if part(text, scheme).eq_ignore_ascii_case("basic ") {
        is_user_and_password(token)
    } else {
        token.len() >= 20 && class(token) == Class::Random && is_made_by_chance(token)
    };
    right.then_some(scheme.end..end)
}

/// Tells whether a text is `user:password` in base64.
pub(super) fn is_user_and_password(encoded: &str) -> bool {
    if encoded.len() < 4 || encoded.len() > 4096 {
        return false;
    }
    let decoded = STANDARD.decode(encoded).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    // Aladdin's is the example of the standard, RFC 7617.
    text.is_some_and(|text| {
        let parts = text.split_once(':');
        let written = |part: &str| part.chars().all(|c| !c.is_control() && c.is_ascii());
        parts.is_some_and(|(user, password)| {
            !user.is_empty()
                && user != "Aladdin"
                && !password.is_empty()
                && written(&text)
                && !has_placeholder(password)
        })
    })
}

/// Tells whether a byte may be a part of a token.
pub(super) fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-".contains(&byte)
}

/// Tells whether a text is none of the examples of manuals: those are of few characters, or of some in their order.
pub(super) fn is_made_by_chance(body: &str) -> bool {
    const RUNS: &[&str] = &[
        "abcdefgh", "12345678", "01234567", "xxxx", "....", "0000000", "example",
    ];
    let lower = body
        .get(..body.len().min(512))
        .unwrap_or_default()
        .to_ascii_lowercase();
    let mut seen = [false; 256];
    for byte in body.bytes() {
        if let Some(seen) = seen.get_mut(usize::from(byte)) {
            *seen = true;
        }
    }
    let kinds = seen.iter().filter(|seen| **seen).count();
    kinds >= 7 && !RUNS.iter().any(|run| lower.contains(run))
}
