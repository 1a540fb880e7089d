use super::*;

fn rules(text: &str) -> Vec<(What, &str, u32, &str)> {
    let hits = scan(text, Language::Data).into_iter();
    hits.map(|hit| (hit.what, hit.name, hit.line, part(text, &hit.value)))
        .collect()
}

#[test]
fn hits_have_their_place() {
    let text = "user = a\npassword = Gehoer2024\n# token: Gehoer2024\nurl = http://a:Gehoer2025@b\né: \"DB_PASSWORD\": 'Gehoer 2026'\nx --client-secret=q8Zr3vTn1LxW7pKd y\n";
    assert_eq!(
        rules(text),
        [
            (What::Literal, "password", 2, "Gehoer2024"),
            (What::Address, "", 4, "Gehoer2025"),
            (What::Literal, "--client-secret", 6, "q8Zr3vTn1LxW7pKd"),
        ]
    );
    assert_eq!(
        hidden("password: \"Gehoer2024"),
        vec![Range { start: 11, end: 21 }]
    );
}

#[test]
fn form_says_more_than_a_name() {
    let token = concat!("gh", "p_q8Zr3vTn1LxW7pKdx8J2kQ7wLr4ZpT9sVb1C");
    let text = format!("token: {token}");
    let hits = scan(&text, Language::Data);
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].what, What::Token("a token of GitHub"));
    assert_eq!(form_of(token), Some(What::Token("a token of GitHub")));
    assert_eq!(form_of("password=Gehoer2024"), None);
}

#[test]
fn words_without_quotes_are_variables_in_programs() {
    let text = "connect(password=secretVariable, token=\"q8Zr3vTn1LxW7pKd9s\")";
    let found = |language| {
        scan(text, language)
            .iter()
            .map(|hit| hit.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(Language::Program), ["token"]);
    assert_eq!(found(Language::Data), ["password", "token"]);
}

#[test]
fn a_weak_name_wants_a_value_made_by_chance() {
    for (name, value, expected) in [
        ("secret", "grafana-admin", None),
        ("secret", "q8Zr3vTn1LxW7pKd", Some(What::Literal)),
        ("password", "grafana-admin", None),
        ("PASSWORD", "12345678901", Some(What::Literal)),
        ("token", "86400", None),
        ("x", "q8Zr3vTn1LxW7pKd", None),
        ("checksum/secret", "9f86d081884c7d659a2feaa0c55ad015", None),
    ] {
        assert_eq!(named(name, value, Form::Field), expected, "{name}: {value}");
    }
    assert_eq!(
        named("password", "grafana-admin", Form::Exact),
        Some(What::Literal)
    );
}

#[test]
fn hostile_texts_end_soon() {
    let repeated = |part: &str| part.repeat((32 << 10) / part.len());
    for part in [
        "key",
        "password",
        "password=",
        "password=\"",
        "password='x\"",
        "password: ",
        "token.",
        "a:b@c://",
        "://",
        "://a:",
        "eyJ",
        "eyJ.",
        "eyJhbGciOiJI.",
        "LS0tLS1CRUdJTi",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "AccountKey=",
        "sig=",
        "sig=a",
        "?sig=",
        ":AA",
        "0123456789:AA",
        "/api/webhooks/1",
        "basic ",
        "Basic YTpi ",
        "identified by '",
        "@tcp(",
        "a:@tcp(",
        "oracle:thin:",
        "Q~",
        "hvb.",
        "glpat-a",
        "\\\"password\\\":\\\"",
        "<password>",
        "--password ",
        "é",
        "\u{0}",
        "password=${",
        "password={{",
        "\npassword x",
        "{\"auth\":\"YTpi\"},",
    ] {
        let text = repeated(part);
        let _: usize = scan(&text, Language::Data).len();
        let _: Option<What> = named("password", &text, Form::Exact);
        let _: bool = script(&text).is_some();
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_looked_at(text in "(password|token|key|eyJ|://|@|:|=|\"|'|\\\\|-----BEGIN |PRIVATE KEY-----|sig=|Q~| |\n|é|[a-zA-Z0-9]{1,8}){0,40}") {
        for language in [Language::Data, Language::Program, Language::Shell] {
            let hits = scan(&text, language);
            for hit in &hits {
                proptest::prop_assert!(text.get(hit.value.clone()).is_some());
            }
            let apart = hits.windows(2).all(|two| two[0].value.end <= two[1].value.start);
            proptest::prop_assert!(apart);
        }
    }
}
