//! Commands: passwords that are given to programs as arguments.

use super::value::{Class, class};
use super::{Form, What, named};

/// How an option takes its password.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// In the same word: `-ppassword`.
    Attached,
    /// In the next word.
    Next,
    /// In the next word or the same, behind the user and a colon.
    User,
    /// In the second word after it.
    Second,
    /// In the next word behind `pass:`.
    Pass,
    /// In the word so many words after it, where this one comes next: `mc alias set NAME URL USER PASSWORD`.
    After(&'static str, usize),
}

/// Programs whose `-p` is a password where they log in.
const LOGIN: &[&str] = &[
    "docker", "podman", "helm", "skopeo", "oras", "crane", "buildah", "nerdctl", "az",
];

/// Options of programs that take a password, and are not called so.
const OPTIONS: &[(&[&str], &str, Takes)] = &[
    (
        &[
            "mysql",
            "mysqladmin",
            "mysqldump",
            "mysqlcheck",
            "mysqlimport",
            "mysqlsh",
            "mysqlpump",
            "mariadb",
            "mariadb-admin",
            "mariadb-dump",
            "mariadb-check",
            "mariadb-import",
            "sshpass",
        ],
        "-p",
        Takes::Attached,
    ),
    (&["sshpass"], "-p", Takes::Next),
    (&["redis-cli", "valkey-cli"], "-a", Takes::Next),
    (&["redis-cli", "valkey-cli"], "--pass", Takes::Next),
    (
        &[
            "mongo",
            "mongosh",
            "mongodump",
            "mongorestore",
            "mongoexport",
        ],
        "-p",
        Takes::Next,
    ),
    (LOGIN, "-p", Takes::Next),
    (
        &[
            "ldapsearch",
            "ldapadd",
            "ldapmodify",
            "ldapdelete",
            "ldapwhoami",
            "ldappasswd",
        ],
        "-w",
        Takes::Next,
    ),
    (&["sqlcmd"], "-P", Takes::Next),
    (&["curl"], "-u", Takes::User),
    (&["curl"], "--user", Takes::User),
    (&["curl"], "--proxy-user", Takes::User),
    (&["keytool"], "-storepass", Takes::Next),
    (&["keytool"], "-keypass", Takes::Next),
    (&["openssl"], "-passin", Takes::Pass),
    (&["openssl"], "-passout", Takes::Pass),
    (&["openssl"], "-pass", Takes::Pass),
    (&["mc", "mcli"], "alias", Takes::After("set", 5)),
    (&["mc", "mcli"], "host", Takes::After("add", 5)),
    (&["mc", "mcli"], "user", Takes::After("add", 4)),
    (&["rabbitmqctl"], "add_user", Takes::Second),
    (&["rabbitmqctl"], "change_password", Takes::Second),
    (&["rabbitmqctl"], "authenticate_user", Takes::Second),
];

/// The longest command in words.
const WORDS: usize = 10_000;

/// A secret among the words of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Argument<'t> {
    /// The number of the word that is the option, or holds it.
    pub(crate) at: usize,
    /// How many words the option and the secret are.
    pub(crate) words: usize,
    /// The option that takes it.
    pub(crate) option: &'t str,
    /// What it is.
    pub(crate) what: What,
}

/// Finds the first secret that is given to a program as a word of its own, or as a part of one.
pub(crate) fn argument<'t>(words: &[&'t str]) -> Option<Argument<'t>> {
    let mut program = "";
    let mut words = words.iter().copied().enumerate().take(WORDS).peekable();
    while let Some((at, word)) = words.next() {
        let base = word.rsplit('/').next().unwrap_or_default();
        let login = || words.clone().take(2).any(|(_, word)| word == "login");
        if OPTIONS
            .iter()
            .any(|(programs, _, _)| programs.contains(&base))
            && (!LOGIN.contains(&base) || login())
        {
            program = base;
        }
        let next = words.peek().map(|(_, next)| *next);
        let later = |count: usize| {
            let mut words = words.clone().map(|(_, word)| word).take(count);
            let whole = words.clone().all(|word| !word.starts_with('-'));
            words.nth(count - 1).filter(|_| whole || count == 2)
        };
        if let Some((option, words, what)) = of_program(program, word, next, later) {
            return Some(Argument {
                at,
                words,
                option,
                what,
            });
        }
        if word.starts_with('-')
            && !word.contains('=')
            && let Some(next) = next.filter(|next| !next.starts_with('-'))
            && let Some(what) = named(word, next, Form::Exact)
        {
            return Some(Argument {
                at,
                words: 2,
                option: word,
                what,
            });
        }
    }
    None
}

fn of_program<'t>(
    program: &str,
    word: &'t str,
    next: Option<&'t str>,
    later: impl Fn(usize) -> Option<&'t str>,
) -> Option<(&'static str, usize, What)> {
    let mut options = OPTIONS
        .iter()
        .filter(|(programs, _, _)| programs.contains(&program));
    options.find_map(|(_, option, takes)| {
        let same = word.strip_prefix(option).filter(|rest| !rest.is_empty());
        let behind = || next.filter(|_| word == *option);
        let password = |user: &'t str| user.split_once(':').map(|(_, password)| password);
        let (value, words) = match (takes, same) {
            (Takes::Attached, same) => (same?, 1),
            (Takes::Next, _) => (behind()?, 2),
            (Takes::User, Some(same)) => (password(same)?, 1),
            (Takes::User, None) => (password(behind()?)?, 2),
            (Takes::Second, _) => (later(2).filter(|_| word == *option)?, 3),
            (Takes::Pass, _) => (behind()?.strip_prefix("pass:")?, 2),
            (Takes::After(verb, count), _) => {
                behind().filter(|next| next == verb)?;
                (later(*count)?, *count + 1)
            }
        };
        Some((*option, words, judge(value)?))
    })
}

/// Says what a password is that a program takes as it is.
fn judge(value: &str) -> Option<What> {
    let value = value.trim_matches(['"', '\'']);
    let known = super::known::known(value).map(What::Known);
    known.or_else(|| (class(value) != Class::Nothing).then_some(What::Literal))
}

/// Finds the first secret that a script gives to a program as an argument, and its line, from 1.
pub(crate) fn script(text: &str) -> Option<(u32, Argument<'_>)> {
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| !line.trim_start().starts_with('#'))
        .find_map(|(number, line)| {
            let found = commands(line).find_map(|command| argument(&words(command)));
            found.map(|found| (number, found))
        })
}

/// Splits a line of a script into commands.
fn commands(line: &str) -> impl Iterator<Item = &str> {
    line.split([';', '|', '&'])
}

/// Splits a command into words, without their quotes.
fn words(command: &str) -> Vec<&str> {
    let words = command.split_whitespace();
    words
        .map(|word| word.trim_matches(['"', '\'', '`', '(', ')']))
        .filter(|word| !word.is_empty())
        .take(WORDS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_their_options() {
        for (command, expected) in [
            (
                "mysqladmin ping -h 127.0.0.1 -uroot -pS3cretPw",
                Some(("-p", What::Literal)),
            ),
            (
                "/usr/bin/mariadb -u root -popenmrs -e status",
                Some(("-p", What::Known("OpenMRS"))),
            ),
            ("redis-cli -a hunter3 ping", Some(("-a", What::Literal))),
            (
                "curl -s -u admin:S3cretPw http://x",
                Some(("-u", What::Literal)),
            ),
            ("curl -uadmin:admin http://x", Some(("-u", What::Known("")))),
            (
                "rabbitmqctl add_user app S3cretPw",
                Some(("add_user", What::Literal)),
            ),
            (
                "server --requirepass S3cretPw",
                Some(("--requirepass", What::Literal)),
            ),
            ("mysqladmin ping -uroot -p$MYSQL_ROOT_PASSWORD", None),
            ("mysqladmin ping -uroot -p${MYSQL_ROOT_PASSWORD}", None),
            ("mysql -p -u root", None),
            ("redis-cli ping", None),
            ("redis-cli -a $REDIS_PASSWORD ping", None),
            ("curl -u $USER:$PASSWORD http://x", None),
            ("curl -u admin http://x", None),
            ("mkdir -p /var/lib/x", None),
            ("mysqladmin ping && mkdir -pv /x", None),
            ("mysqladmin ping; mkdir -pv /x", None),
            ("prog --cookie-secret-file /run/x --password-stdin x", None),
            ("prog --set-secret --verbose", None),
            ("docker run -p 8080:80 x", None),
            (
                "docker login -u a -p S3cretPw x",
                Some(("-p", What::Literal)),
            ),
            ("mysql -u root -p\"$ROOT_PASSWORD\"", None),
            (
                "az login --service-principal -u a -p S3cretPw",
                Some(("-p", What::Literal)),
            ),
            ("az acr list -p 8080", None),
            (
                "openssl rsa -passin pass:S3cretPw -in x",
                Some(("-passin", What::Literal)),
            ),
            ("openssl rsa -passin env:S3CRET_PW", None),
            ("openssl rsa -passout file:/run/x", None),
            (
                "mc alias set a http://minio:9000 minio S3cretPw",
                Some(("alias", What::Literal)),
            ),
            ("mc alias set a http://minio:9000 $U $P", None),
            ("mc alias set --insecure a http://minio:9000 minio $P", None),
            (
                "mc admin user add a app S3cretPw",
                Some(("user", What::Literal)),
            ),
            ("mc admin user svcacct add a app x", None),
            ("mc alias list", None),
        ] {
            let found = commands(command).find_map(|command| argument(&words(command)));
            let found = found.map(|found| (found.option, found.what));
            assert_eq!(found, expected, "{command}");
        }
    }
}
