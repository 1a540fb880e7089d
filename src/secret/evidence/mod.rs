//! What gives a secret away in a text.
//!
//! Evidence of form comes first: private keys, the marks of tokens, passwords in addresses. Then come names that say a
//! secret, such as `password`, with a value that can be one. Whether a value looks made by chance only supplements a
//! weak name, and never counts alone: digests, ids and pictures look the same.
//!
//! In: texts of any origin. Out: [`Hit`]s, which say where and what, never the value. One pass over a text, whose bytes
//! are each looked at a bounded number of times.

mod account;
mod address;
mod assignment;
mod block;
mod bracket;
mod command;
mod known;
mod name;
mod pair;
mod private_key;
mod text;
mod token;
mod value;

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input};

pub(crate) use self::account::{File as AccountFile, file as accounts, of_line as account};
use self::assignment::Assigned;
pub(crate) use self::command::{argument, script};
use self::name::Strength;
use self::text::{Line, part};
use self::token::FORMS;
use self::value::Class;
pub(crate) use self::value::{is_reference, is_stand_in};

/// What a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A key or token that is known by its form, in words.
    Token(&'static str),
    /// A password in an address.
    Address,
    /// A password that everybody knows, and the program that is shipped with it, in words, where it is one's.
    Known(&'static str),
    /// The value of a name that says a secret.
    Literal,
    /// It may be one: so many names say a secret that the rest is not looked at.
    Unread,
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit<'t> {
    /// What it is.
    pub(crate) what: What,
    /// The name it has in the text, if any.
    pub(crate) name: &'t str,
    /// The line, from 1.
    pub(crate) line: u32,
    /// Its bytes.
    pub(crate) value: Range<usize>,
}

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Settings, or anything.
    Data,
    /// A program, in which a word without quotes is a variable.
    Program,
    /// A script of a shell.
    Shell,
    /// Texts for people, whose names say what they are about.
    Words,
}

/// How a value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// It is all of a variable, which a program takes as it is.
    Whole,
    /// A program takes it as it is, as an argument or a setting.
    Exact,
    /// It may be the name of something, as in a field of an object.
    Field,
}

/// The most secrets of a text that are told.
const MOST: usize = 64;
/// The most assignments of a text that are judged by their names; no real text has so many.
const MOST_NAMES: usize = 2000;

/// What is looked for in a text.
#[derive(Clone, Copy, Debug)]
enum Trigger {
    /// A part of names that say a secret.
    Name,
    /// The mark of a token.
    Token(&'static token::Form),
    Pem,
    EncodedPem,
    Address,
    DataSource,
    Thin,
    WebToken,
    Entra,
    Signature,
    Telegram,
    Discord,
    Header,
    Statement,
    Acl,
    /// The scheme of a password: `{PLAIN}`.
    Scheme,
}

/// The triggers that are no marks of tokens.
const TRIGGERS: &[(&str, Trigger)] = &[
    ("pass", Trigger::Name),
    ("pwd", Trigger::Name),
    ("pw", Trigger::Name),
    ("pswd", Trigger::Name),
    ("secret", Trigger::Name),
    ("token", Trigger::Name),
    ("credential", Trigger::Name),
    ("key", Trigger::Name),
    ("auth", Trigger::Name),
    (private_key::PEM, Trigger::Pem),
    (private_key::ENCODED, Trigger::EncodedPem),
    ("://", Trigger::Address),
    ("@tcp(", Trigger::DataSource),
    ("@unix(", Trigger::DataSource),
    ("oracle:thin:", Trigger::Thin),
    ("eyJ", Trigger::WebToken),
    ("Q~", Trigger::Entra),
    ("sig=", Trigger::Signature),
    (":AA", Trigger::Telegram),
    ("/api/webhooks/", Trigger::Discord),
    ("basic ", Trigger::Header),
    ("bearer ", Trigger::Header),
    ("identified by ", Trigger::Statement),
    (" >", Trigger::Acl),
];

/// All triggers, and what finds them in one pass.
static FINDER: LazyLock<(AhoCorasick, Vec<Trigger>)> = LazyLock::new(finder);

#[expect(clippy::expect_used, reason = "a few hundred bytes of fixed patterns")]
fn finder() -> (AhoCorasick, Vec<Trigger>) {
    let tokens = FORMS.iter().map(|form| (form.mark, Trigger::Token(form)));
    let schemes = [account::PLAIN, account::HASHED].into_iter().flatten();
    let schemes = schemes.map(|scheme| (*scheme, Trigger::Scheme));
    let all = TRIGGERS.iter().copied().chain(tokens).chain(schemes);
    let (patterns, triggers): (Vec<&str>, Vec<Trigger>) = all.unzip();
    let finder = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(aho_corasick::MatchKind::LeftmostLongest)
        .build(patterns)
        .expect("the patterns are few");
    (finder, triggers)
}

/// The shortest text that can hold a secret and something that gives it away.
const SHORTEST: usize = 8;

/// Finds the secrets in a text, in their order.
pub(crate) fn scan(text: &str, language: Language) -> Vec<Hit<'_>> {
    find(text, language, |_| true)
}

fn find(text: &str, language: Language, wanted: fn(Trigger) -> bool) -> Vec<Hit<'_>> {
    if text.len() < SHORTEST {
        return Vec::new();
    }
    let (finder, triggers) = &*FINDER;
    let mut scan = Scan {
        text,
        language,
        line: Line::first(),
        names: 0,
    };
    let (mut at, mut hits) = (0, Vec::new());
    while let Some(found) = finder.find(Input::new(text).range(at..)) {
        let Some(trigger) = triggers.get(found.pattern().as_usize()) else {
            break;
        };
        let hit = if wanted(*trigger) {
            scan.look(*trigger, &found.range())
        } else {
            Err(found.start() + 1)
        };
        match hit {
            Ok(hit) => {
                at = hit.value.end.max(found.end());
                hits.push(hit);
            }
            Err(next) => at = next,
        }
        if hits.len() >= MOST {
            break;
        }
    }
    hits
}

/// Returns the bytes of a line that may be secrets: what no report shows.
pub(crate) fn hidden(line: &str) -> Vec<Range<usize>> {
    let hits = scan(line, Language::Data);
    hits.into_iter().map(|hit| hit.value).collect()
}

/// A look at the places of a text, from its beginning to its end.
struct Scan<'t> {
    text: &'t str,
    language: Language,
    line: Line,
    /// How many assignments were judged by their names.
    names: usize,
}

impl<'t> Scan<'t> {
    /// Returns the secret at a place where a trigger was found, or where to go on.
    fn look(&mut self, trigger: Trigger, found: &Range<usize>) -> Result<Hit<'t>, usize> {
        let text = self.text;
        self.line.advance(text, found.start);
        let (value, what) = match trigger {
            Trigger::Name => return self.name(found),
            Trigger::Address => return self.address(found, address::password(text, found)),
            Trigger::DataSource => {
                return self.address(found, address::data_source(text, found.start));
            }
            Trigger::Thin => return self.address(found, address::thin(text, found.end)),
            Trigger::Statement => return self.statement(found),
            Trigger::Acl => return self.acl(found),
            Trigger::Scheme => return self.scheme(found),
            Trigger::Token(form) => (token::token(text, found, form), form.what),
            Trigger::Pem => (private_key::pem(text, found.start), "a private key"),
            Trigger::EncodedPem => (
                private_key::encoded(text, found.start),
                "a private key in base64, which hides nothing",
            ),
            Trigger::WebToken => (token::web_token(text, found.start), "a JSON web token"),
            Trigger::Entra => (token::entra(text, found), "a client secret of Entra ID"),
            Trigger::Signature => (
                token::signature(text, found),
                "a shared access signature of Azure",
            ),
            Trigger::Telegram => (token::telegram(text, found), "a token of a Telegram bot"),
            Trigger::Discord => (
                token::discord(text, found),
                "the address of a Discord webhook, which is its own password",
            ),
            Trigger::Header => (token::header(text, found), token::HEADER),
        };
        let hit = value.map(|value| self.hit(What::Token(what), "", value));
        // Another one may begin within.
        hit.ok_or(found.start + 1)
    }

    fn hit(&self, what: What, name: &'t str, value: Range<usize>) -> Hit<'t> {
        Hit {
            what,
            name,
            line: self.line.number,
            value,
        }
    }

    fn address(
        &self,
        found: &Range<usize>,
        password: Option<Range<usize>>,
    ) -> Result<Hit<'t>, usize> {
        let password = password.filter(|_| !self.line.is_comment(self.text));
        let value = password.ok_or(found.end)?;
        let what = known::known(part(self.text, &value)).map_or(What::Address, What::Known);
        Ok(self.hit(what, "", value))
    }

    /// Looks at a name and what is assigned to it.
    fn name(&mut self, found: &Range<usize>) -> Result<Hit<'t>, usize> {
        if self.language == Language::Words {
            return Err(found.end);
        }
        let name = assignment::name(self.text, found);
        let next = name.end.max(found.end);
        let text = part(self.text, &name);
        let header = matches!(text, "auth" | "_auth");
        let login = account::is_login(text);
        if !header && !login && name::strength(text).is_none() || self.line.is_comment(self.text) {
            return Err(next);
        }
        let settings = self.language == Language::Data && name.start == self.line.start;
        let assigned = assignment::assigned(self.text, &name, settings)
            .or_else(|| pair::value(self.text, &name))
            .ok_or(next)?;
        self.names += 1;
        if self.names > MOST_NAMES {
            let first = self.names == MOST_NAMES + 1;
            let unread = first.then(|| self.hit(What::Unread, "", next..next));
            return unread.ok_or(next);
        }
        let value = part(self.text, &assigned.value);
        let what = if header {
            let right = token::is_user_and_password(value);
            right.then_some(What::Token(
                "a user and password in base64, which hides nothing",
            ))
        } else {
            self.assigned(text, value, &assigned)
        };
        let what = what.ok_or(next)?;
        Ok(self.hit(what, text, assigned.value))
    }

    fn assigned(&self, name: &str, value: &str, assigned: &Assigned) -> Option<What> {
        let variable = !assigned.quoted
            && (self.language == Language::Program
                || is_expression(value)
                || value == name
                // A tag, or what stands in for something.
                || value.starts_with('<')
                || !assigned.exact && is_tag(value));
        if variable {
            return None;
        }
        let form = if assigned.exact {
            Form::Exact
        } else {
            Form::Field
        };
        let what = named(name, value, form)?;
        // What it is in itself says more.
        Some(form_of(value).unwrap_or(what))
    }

    /// Looks at a rule of Redis that gives a user a password: `user app on >password`.
    fn acl(&self, found: &Range<usize>) -> Result<Hit<'t>, usize> {
        let end = found.end;
        let before = part(self.text, &(self.line.start..found.start));
        let mut words = before.split_ascii_whitespace();
        let right = words.next() == Some("user") && words.any(|word| matches!(word, "on" | "off"));
        // `user app`
        let before = before.trim_start();
        let user = before
            .splitn(3, ' ')
            .take(2)
            .map(|word| word.len() + 1)
            .sum::<usize>();
        let user = before.get(..user.saturating_sub(1)).unwrap_or("user");
        let value = end..text::run_after(self.text, end, value::LONGEST, |byte| {
            !byte.is_ascii_whitespace() && !b"\"'".contains(&byte)
        });
        let what = named("password", part(self.text, &value), Form::Exact);
        let what = what.filter(|_| right).ok_or(end)?;
        Ok(self.hit(what, user, value))
    }

    /// Looks at the scheme of a password, behind a user.
    fn scheme(&self, found: &Range<usize>) -> Result<Hit<'t>, usize> {
        let schemed = account::schemed(self.text, found);
        let schemed = schemed.filter(|_| !self.line.is_comment(self.text));
        let (value, what) = schemed.ok_or(found.start + 1)?;
        let before = found.start.saturating_sub(1);
        let user = text::run_before(self.text, before, name::LONGEST, token::is_part);
        let user = part(self.text, &(user..before));
        Ok(self.hit(what, user, value))
    }

    /// Looks at a statement of SQL that sets a password.
    fn statement(&self, found: &Range<usize>) -> Result<Hit<'t>, usize> {
        let end = found.end;
        let value = assignment::in_quotes(self.text, end).ok_or(end)?;
        if text::byte_before(self.text, value.start) == b'`' {
            return Err(end);
        }
        let password = part(self.text, &value);
        let what = named("password", password, Form::Exact).ok_or(end)?;
        Ok(self.hit(what, "IDENTIFIED BY", value))
    }
}

/// Says what a value is by its form alone.
pub(crate) fn form_of(value: &str) -> Option<What> {
    let by_form = |trigger| {
        !matches!(
            trigger,
            Trigger::Name | Trigger::Statement | Trigger::Acl | Trigger::Scheme
        )
    };
    let hits = find(value, Language::Data, by_form).into_iter();
    hits.map(|hit| hit.what).min()
}

/// Tells whether a text without quotes is a path of names, as programs have them: `request.password`.
fn is_expression(value: &str) -> bool {
    value.contains('.')
        && value.split('.').all(|part| {
            let first = part.bytes().next();
            first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        })
}

/// Tells whether a text is a tag of YAML, which says what another program makes of the value: `!vault`.
fn is_tag(value: &str) -> bool {
    let name = value.strip_prefix('!');
    name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Tells whether a name says a secret.
pub(crate) fn says_secret(name: &str) -> bool {
    name::strength(name).is_some()
}

/// Says whether a value is a secret by its name.
pub(crate) fn named(name: &str, value: &str, form: Form) -> Option<What> {
    if is_header(name) {
        return proof(value.trim());
    }
    let value = value.trim();
    if account::is_login(name) {
        return account::login(name, value);
    }
    let strength = name::strength(name)?;
    // All of a variable is the password, blanks included.
    let joined: String;
    let value = if form == Form::Whole && strength == Strength::Strong && !value.contains('\n') {
        joined = value.split_whitespace().collect();
        joined.as_str()
    } else {
        value
    };
    let own = form == Form::Field && is_own_name(name, value) || is_name_written(name, value);
    if own || is_of_digest(name) {
        return None;
    }
    let known = known::known(value);
    let exact = form != Form::Field;
    let strength = match strength {
        Strength::Key if form == Form::Whole => Strength::Medium,
        Strength::Key => Strength::Weak,
        strength => strength,
    };
    let right = match (strength, known) {
        (Strength::Strong, Some(_)) => true,
        (Strength::Medium, Some(_)) => exact,
        (Strength::Weak, Some(_)) if known::is_distinct(value) => exact,
        _ => leaks(strength, value, exact),
    };
    right.then(|| known.map_or(What::Literal, What::Known))
}

fn leaks(strength: Strength, value: &str, exact: bool) -> bool {
    match (strength, value::class(value)) {
        (Strength::Strong, Class::Name) => exact,
        (Strength::Medium, Class::Word) => exact && value.len() >= 6,
        (Strength::Strong, Class::Number | Class::Word | Class::Plain | Class::Random)
        | (Strength::Medium, Class::Plain)
        | (Strength::Medium | Strength::Key | Strength::Weak, Class::Random) => true,
        (Strength::Key | Strength::Weak, Class::Plain) => {
            let count = |test: fn(&u8) -> bool| value.bytes().filter(test).count();
            value.len() >= 8
                && count(u8::is_ascii_digit) >= 2
                && count(u8::is_ascii_alphabetic) >= 1
        }
        (_, Class::Nothing)
        | (Strength::Medium, Class::Name | Class::Number)
        | (Strength::Key | Strength::Weak, Class::Name | Class::Number | Class::Word) => false,
    }
}

/// Tells whether a name is that of the header that proves a user.
fn is_header(name: &str) -> bool {
    ["authorization", "proxy-authorization"]
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

/// Says what proves a user in the value of a header: `Bearer` or another scheme, and a token.
fn proof(value: &str) -> Option<What> {
    let (scheme, token) = value.split_once(' ')?;
    let known = ["basic", "bearer", "token", "apikey", "splunk"];
    let right = known.iter().any(|known| scheme.eq_ignore_ascii_case(known))
        && value::class(token) != Class::Nothing;
    right.then_some(What::Token(token::HEADER))
}

/// Tells whether a value is what its name ends in: `{username: username, password: password}` names the keys of something.
fn is_own_name(name: &str, value: &str) -> bool {
    name.strip_suffix(value)
        .is_some_and(|front| !front.ends_with(|c: char| c.is_ascii_lowercase()))
}

/// Tells whether a value is the whole of its name, written another way: `CHALLENGE_PASSWORD: challengePassword`.
fn is_name_written(name: &str, value: &str) -> bool {
    let letters = |text: &str| -> String {
        let letters = text
            .bytes()
            .filter(u8::is_ascii_alphanumeric)
            .take(name::LONGEST);
        letters
            .map(|byte| char::from(byte.to_ascii_lowercase()))
            .collect()
    };
    let name = name.rsplit(['.', '/']).next().unwrap_or(name);
    value.len() <= name::LONGEST && name.contains(|c: char| !c.is_ascii_lowercase()) && {
        let name = letters(name);
        name.len() > "password".len() && letters(value) == name
    }
}

/// Tells whether a name is that of a digest: `checksum/secret`.
fn is_of_digest(name: &str) -> bool {
    const DIGESTS: &[&str] = &[
        "checksum",
        "digest",
        "sha1",
        "sha256",
        "sha512",
        "hash",
        "fingerprint",
        "thumbprint",
    ];
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| {
        DIGESTS
            .iter()
            .any(|digest| word.eq_ignore_ascii_case(digest))
    })
}

#[cfg(test)]
mod tests;
