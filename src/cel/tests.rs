//! Conformance cases: expressions that hold, that fail, and that do not compile.

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::yaml::{Document, Limits, read};

const NEWEST: u8 = 37;

fn document(text: &str) -> Document {
    let text: Arc<str> = text.into();
    read(&text, &Limits::default()).documents.remove(0)
}

fn environment() -> Environment {
    Environment::new(NEWEST)
        .variable("v", Type::Dyn)
        .variable("authorizer", Type::Opaque("authorizer"))
}

const DATA: &str = "
name: web
num: 3
f: 1.5
flag: true
nothing: null
list: [1, 2, 3]
names: [a, b]
labels: {app: x, a-b/c.d: why, in: z, a__b: w}
containers:
- {name: a, image: 'r/a:1', securityContext: {runAsNonRoot: true}}
- {name: b, image: 'r/b:2'}
";

fn run(text: &str) -> Result<String, String> {
    let document = document(DATA);
    let program = compile(text, &environment()).map_err(|errors| {
        errors
            .iter()
            .map(|error| format!("compile: {}", error.message))
            .collect::<Vec<_>>()
            .join("; ")
    })?;
    let mut activation = Activation::new();
    activation.set("v", Value::node(document.root()));
    activation.set(
        "authorizer",
        Value::Opaque(Opaque::Authorizer("authorizer")),
    );
    match program.eval(&activation, &mut Budget::new()) {
        Ok(Value::Bool(value)) => Ok(value.to_string()),
        Ok(other) => Ok(library::show(&other)),
        Err(error) => Err(error.to_string()),
    }
}

#[track_caller]
fn all_hold(cases: &[&str]) {
    let mut wrong = String::new();
    for case in cases {
        let result = run(case);
        if result.as_deref() != Ok("true") {
            writeln!(wrong, "{case}: {result:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[track_caller]
fn all_fail(cases: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (case, message) in cases {
        let result = run(case);
        if !result.as_ref().is_err_and(|error| error.contains(message)) {
            writeln!(wrong, "{case}: {result:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn literals() {
    all_hold(&[
        "1 == 0x1",
        "-0xF == -15",
        "1u == uint(1)",
        "1.5e3 == 1500.0",
        ".5 == 0.5",
        "-1.5 < 0.0",
        "'a' == \"a\"",
        "'''a\n'b''' == \"a\\n'b\"",
        r"r'\n' == '\\n'",
        r"'\x41\u00e9\U0001F600\101' == 'Aé😀A'",
        r"b'\xff' == b'\377'",
        "b'é' == bytes('é')",
        "size(b'é') == 2",
        "size('é') == 1",
        "size('😀') == 1",
        "null == null",
        "[1, 2,] == [1, 2]",
        "{'a': 1,} == {'a': 1}",
        "// comment\ntrue",
        "true // comment",
        "-9223372036854775808 < 0",
        "--1 == 1",
        "!!true",
        "- 1 == -1",
        "[][?0] == optional.none()",
    ]);
    all_fail(&[
        ("9223372036854775808", "does not fit 64 bits"),
        ("'a", "has no end"),
        ("'\\q'", "no escape"),
        ("1 +", "a value was expected here, and not the end"),
        ("", "the expression is empty"),
        ("a = b", "did you mean `==`"),
        ("true & false", "did you mean `&&`"),
        ("if", "reserved word"),
        ("(1", "`)` was expected"),
        ("1 2", "a number was not expected here"),
        ("@", "nothing begins with"),
        ("Foo{a: 1}", "there is no type `Foo`"),
        ("v.in", "the field is `__in__`"),
    ]);
}

#[test]
fn numbers() {
    all_hold(&[
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "7 / 2 == 3",
        "-7 / 2 == -3",
        "7 % 3 == 1",
        "-7 % 3 == -1",
        "7.0 / 2.0 == 3.5",
        "1.0 / 0.0 > 1e308",
        "1 < 2 && 2 <= 2 && 3 > 2 && 2 >= 2",
        "1 < 1.5",
        "1u < 2",
        "2 > 1.5",
        "dyn(1) == dyn(1.0)",
        "dyn(1) == dyn(1u)",
        "dyn(1) != dyn(1.5)",
        "9007199254740993 > 9007199254740992.0",
        "dyn('a') != dyn(1)",
        "double('nan') != double('nan')",
        "!(double('nan') < 1.0)",
        "1u - 1u == 0u",
        "int('42') == 42",
        "int(3.9) == 3",
        "int(-3.9) == -3",
        "uint(3) == 3u",
        "double('1.5') == 1.5",
        "int(5u) == 5",
        "string(1.0) == '1'",
        "string(1e6) == '1e+06'",
        "string(0.0001) == '0.0001'",
        "string(1e-7) == '1e-07'",
        "string(123456.5) == '123456.5'",
        "string(-3) == '-3'",
        "string(true) == 'true'",
        "bool('true')",
        "string(b'ab') == 'ab'",
        "v.num + 1 == 4",
        "v.num == 3.0",
        "v.f * 2.0 == 3.0",
        "3 in v.list",
        "3.0 in v.list",
        "type(1) == int && type(1u) == uint && type(1.0) == double && type('') == string",
        "type(null) == null_type && type([]) == list && type({}) == map && type(type(1)) == type",
        "type(timestamp('2024-01-01T00:00:00Z')) == google.protobuf.Timestamp",
    ]);
    all_fail(&[
        ("9223372036854775807 + 1", "integer overflow"),
        ("-9223372036854775808 - 1", "integer overflow"),
        ("-(-9223372036854775808)", "integer overflow"),
        ("9223372036854775807 * 2", "integer overflow"),
        ("-9223372036854775808 / -1", "integer overflow"),
        ("0u - 1u", "unsigned integer overflow"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("int(1e19)", "integer overflow"),
        ("uint(-1)", "unsigned integer overflow"),
        ("int('x')", "no integer"),
        ("string(b'\\xff')", "not UTF-8"),
        ("v.num + 1.0", "no such overload"),
        ("v.name + 1", "no such overload"),
    ]);
}

#[test]
fn logic_absorbs_errors() {
    all_hold(&[
        "true || 1 / 0 > 0",
        "1 / 0 > 0 || true",
        "!(false && 1 / 0 > 0)",
        "!(1 / 0 > 0 && false)",
        "[1, 2].exists(x, 1 / (x - 1) > 0)",
        "![1, 2].all(x, 1 / (x - 1) > 5)",
        "true ? true : 1 / 0 > 0",
        "v.missing == 1 || true",
        "true || authorizer.path('/x').check('get').allowed()",
    ]);
    all_fail(&[
        ("false || 1 / 0 > 0", "division by zero"),
        ("[1, 2].all(x, 1 / (x - 1) > 0)", "division by zero"),
        ("[1, 1].exists_one(x, 1 / (x - 1) > 0)", "division by zero"),
        ("(1 / 0 > 0) ? true : true", "division by zero"),
        ("v.num || true && false", "no such overload"),
        (
            "authorizer.path('/x').check('get').allowed()",
            "known in a cluster only",
        ),
        (
            "1 / 0 > 0 || authorizer.group('').resource('pods').check('get').allowed()",
            "known in a cluster only",
        ),
    ]);
}

#[test]
fn fields_and_items() {
    all_hold(&[
        "v.name == 'web'",
        "v['name'] == 'web'",
        "has(v.name)",
        "!has(v.missing)",
        "has(v.nothing)",
        "v.nothing == null",
        "v.list[0] == 1",
        "v.list[2] == 3",
        "v.list[dyn(1.0)] == 2",
        "v.labels['a-b/c.d'] == 'why'",
        "v.labels.`a-b/c.d` == 'why'",
        "v.labels.a__dash__b__slash__c__dot__d == 'why'",
        "v.labels.__in__ == 'z'",
        "v.labels.a__b == 'w'",
        "v.labels.a__underscores__b == 'w'",
        "'app' in v.labels",
        "!('x' in v.labels)",
        "v.containers[1].image == 'r/b:2'",
        "v.containers.filter(c, has(c.securityContext)).size() == 1",
        "{1: 'a'}[1] == 'a'",
        "{1u: 'a'}[dyn(1)] == 'a'",
        "{'a': {'b': 1}}.a.b == 1",
        "size(v.labels) == 4",
        "v.labels == v.labels",
        "v.list == [1, 2, 3]",
        "v.list + [4] == [1, 2, 3, 4]",
        "[[1], [2]] != [[1], [3]]",
        "{'a': 1, 'b': 2} == {'b': 2, 'a': 1}",
    ]);
    all_fail(&[
        ("v.missing", "no such key: missing"),
        ("v.list[3]", "index out of bounds: 3"),
        ("v.list[-1]", "index out of bounds: -1"),
        ("{'a': 1}['b']", "no such key: `b`"),
        ("v.name.x", "no such overload"),
        ("{'a': 1, 'a': 2}", "there twice"),
        ("has(v.name.x)", "no such overload"),
    ]);
}

#[test]
fn macros() {
    all_hold(&[
        "[1, 2, 3].all(x, x > 0)",
        "[].all(x, x)",
        "![].exists(x, x)",
        "[1, 2].exists(x, x == 2)",
        "[1, 2, 2].exists_one(x, x == 1)",
        "![1, 2, 2].exists_one(x, x == 2)",
        "[1, 2].map(x, x * 2) == [2, 4]",
        "[1, 2, 3].map(x, x > 1, x * 2) == [4, 6]",
        "[1, 2, 3].filter(x, x != 2) == [1, 3]",
        "{'a': 1}.all(k, k == 'a')",
        "v.labels.exists(k, v.labels[k] == 'x')",
        "{'b': 1}.map(k, k) == ['b']",
        "[[1, 2], [3]].map(l, l.map(x, x + 1)) == [[2, 3], [4]]",
        "[1].map(v, v + 1) == [2]",
        "[5, 6].all(i, x, x == i + 5)",
        "[5, 6].exists(i, x, i == 1 && x == 6)",
        "[5, 6].existsOne(i, x, x == 6)",
        "{'a': 1}.all(k, x, k == 'a' && x == 1)",
        "[5, 6].transformList(i, x, x * i) == [0, 6]",
        "[5, 6].transformList(i, x, i > 0, x) == [6]",
        "{'a': 1}.transformList(k, x, k) == ['a']",
        "{'a': 1, 'b': 2}.transformMap(k, x, x + 1) == {'a': 2, 'b': 3}",
        "{'a': 1, 'b': 2}.transformMap(k, x, x > 1, x) == {'b': 2}",
        "['a'].transformMap(i, x, x) == {0: 'a'}",
        "{'a': 'b'}.transformMapEntry(k, x, {x: k}) == {'b': 'a'}",
        "[3, 1].sortBy(x, x) == [1, 3]",
        "['bb', 'a'].sortBy(s, size(s)) == ['a', 'bb']",
        "v.containers.all(c, c.image.startsWith('r/'))",
    ]);
    all_fail(&[
        (
            "[1].all(x, 1)",
            "compile: `all` takes a bool, and this is int",
        ),
        (
            "1.all(x, true)",
            "a list or a map was expected here, and this is int",
        ),
        ("[1].all(x.y, true)", "the name of a variable was expected"),
        ("[1].all(x)", "`all` takes 2 arguments, and not 1"),
        ("has(v)", "`has` takes a field"),
        (
            "{'a': 1, 'b': 1}.transformMapEntry(k, x, {x: k})",
            "there twice",
        ),
        ("v.num.all(x, true)", "no such overload"),
    ]);
}

#[test]
fn optionals() {
    all_hold(&[
        "optional.of(1).value() == 1",
        "!optional.none().hasValue()",
        "optional.of(1).orValue(2) == 1",
        "optional.none().orValue(2) == 2",
        "optional.none().or(optional.of(3)).value() == 3",
        "optional.of(1).orValue(1 / 0) == 1",
        "optional.ofNonZeroValue('') == optional.none()",
        "v.?name.orValue('x') == 'web'",
        "v.?missing.orValue('x') == 'x'",
        "v.?missing.deeper.orValue(1) == 1",
        "v.?labels.app.value() == 'x'",
        "v[?'name'].hasValue()",
        "!v.list[?7].hasValue()",
        "v.list[?0].value() == 1",
        "v.?num.optMap(x, x + 1).value() == 4",
        "!v.?q.optMap(x, x + 1).hasValue()",
        "v.?labels.optFlatMap(l, l.?app).value() == 'x'",
        "[?v.?q, ?v.?num] == [3]",
        "{?'a': v.?q, 'b': 1} == {'b': 1}",
        "has(v.?labels.app)",
        "!has(v.?q.app)",
        "optional.of(optional.none()).hasValue()",
    ]);
    all_fail(&[
        ("optional.none().value()", "has no value"),
        (
            "[?1]",
            "compile: `?` takes an optional value, and this is int",
        ),
        (
            "optional.of(1).orValue('a')",
            "compile: optional(int) has no `orValue(string)`",
        ),
    ]);
}

#[test]
fn strings() {
    all_hold(&[
        "'tacocat'.charAt(3) == 'o'",
        "'tacocat'.charAt(7) == ''",
        "'hello mellow'.indexOf('ello', 2) == 7",
        "'hello'.indexOf('') == 0",
        "'hello'.indexOf('x') == -1",
        "'éaé'.indexOf('é', 1) == 2",
        "'hello mellow'.lastIndexOf('ello') == 7",
        "'hello mellow'.lastIndexOf('ello', 6) == 1",
        "'ab'.lastIndexOf('') == 2",
        "'TacoCät'.lowerAscii() == 'tacocät'",
        "'tacocät'.upperAscii() == 'TACOCäT'",
        "'hello hello'.replace('he', 'we') == 'wello wello'",
        "'hello hello'.replace('he', 'we', 1) == 'wello hello'",
        "'hello'.replace('h', 'x', 0) == 'hello'",
        "'a,b,c'.split(',') == ['a', 'b', 'c']",
        "'a,b,c'.split(',', 2) == ['a', 'b,c']",
        "'a,b'.split(',', 0) == []",
        "'abc'.split('') == ['a', 'b', 'c']",
        "'abc'.split('', 2) == ['a', 'bc']",
        "'tacocat'.substring(4) == 'cat'",
        "'tacocat'.substring(0, 4) == 'taco'",
        "'  a\\n'.trim() == 'a'",
        "['a', 'b'].join() == 'ab'",
        "['a', 'b'].join('-') == 'a-b'",
        "'abc'.startsWith('ab') && 'abc'.endsWith('bc') && 'abc'.contains('b')",
        "'a' < 'b'",
        "strings.quote('a\"b\\n') == '\"a\\\\\"b\\\\n\"'",
        "'foobar'.matches('^fo+')",
        "matches('a', 'a|b')",
        "'abc 123'.find('[0-9]+') == '123'",
        "'a1b2'.findAll('[0-9]') == ['1', '2']",
        "'a1b2'.findAll('[0-9]', 1) == ['1']",
        "'abc'.find('x') == ''",
        "jsonpatch.escapeKey('k/v~') == 'k~1v~0'",
        "'%s %d %.2f %x %X %o %b %e %%'.format([dyn('a'), 1, 1.5, 255, 255, 8, 5, 1234.5]) == 'a 1 1.50 ff FF 10 101 1.234500e+03 %'",
        "'%s'.format([[dyn(1), 'a', null]]) == '[1, a, null]'",
        "'%s'.format([{'b': dyn(1), 'a': true}]) == '{a: true, b: 1}'",
        "'%x'.format(['hi']) == '6869'",
        "'%s %s'.format([dyn(duration('90s')), timestamp('2024-01-01T00:00:00Z')]) == '90s 2024-01-01T00:00:00Z'",
        "'%d'.format([-255]) == '-255'",
        "'%x'.format([-255]) == '-ff'",
        "'%s'.format([type(1)]) == 'int'",
    ]);
    all_fail(&[
        ("'abc'.charAt(4)", "index out of range: 4"),
        ("'abc'.substring(2, 1)", "invalid substring range"),
        ("'abc'.substring(-1)", "index out of range"),
        ("'a'.matches('(')", "this is no pattern"),
        ("'a'.matches(v.name + '(')", "this is no pattern"),
        ("'%d'.format(['a'])", "does not take string"),
        ("'%d'.format([])", "index 0 out of range"),
        ("'%q'.format([1])", "there is no `%q`"),
    ]);
}

#[test]
fn lists_and_sets() {
    all_hold(&[
        "[1, 2, 2].isSorted()",
        "!['b', 'a'].isSorted()",
        "[].isSorted()",
        "[1, 2].sum() == 3",
        "[1.5, 2.5].sum() == 4.0",
        "[duration('1s'), duration('1m')].sum() == duration('61s')",
        "v.list.sum() == 6",
        "[3, 1].min() == 1",
        "['a', 'b'].max() == 'b'",
        "v.list.max() == 3",
        "[1, 2, 1].indexOf(1) == 0",
        "[1, 2, 1].lastIndexOf(1) == 2",
        "[1].indexOf(5) == -1",
        "[1, 2, 1].distinct() == [1, 2]",
        "[[1], [2, 3]].flatten() == [1, 2, 3]",
        "[dyn(1), [dyn(2), [3]]].flatten() == [dyn(1), 2, [3]]",
        "[dyn(1), [dyn(2), [3]]].flatten(2) == [1, 2, 3]",
        "lists.range(3) == [0, 1, 2]",
        "[1, 2].reverse() == [2, 1]",
        "[1, 2, 3].slice(1, 3) == [2, 3]",
        "[3, 1, 2].sort() == [1, 2, 3]",
        "[1, 2].first().value() == 1",
        "[1, 2].last().value() == 2",
        "![].first().hasValue()",
        "sets.contains([1, 2], [2])",
        "!sets.contains([1], [2])",
        "sets.equivalent([1, 2, 1], [2, 1])",
        "sets.intersects([1], [1, 2])",
        "!sets.intersects([], [1])",
    ]);
    all_fail(&[
        ("[].min()", "of an empty list"),
        ("[1, 2].slice(1, 5)", "there is no 1 to 5"),
        ("[9223372036854775807, 1].sum()", "overflow"),
        ("[1, 'a']", "compile: items of a list must have one type"),
        ("[[1]].sort()", "have no order"),
        ("lists.range(100000000)", "costs more"),
    ]);
}

#[test]
fn time() {
    all_hold(&[
        "duration('1h30m') == duration('90m')",
        "duration('1.5s').getMilliseconds() == 1500",
        "duration('-1s') < duration('0')",
        "string(duration('1h')) == '3600s'",
        "string(duration('1500ms')) == '1.5s'",
        "duration('2h').getHours() == 2",
        "duration('90s').getMinutes() == 1",
        "duration('1m') - duration('1s') == duration('59s')",
        "timestamp('2024-02-29T12:34:56.789Z').getFullYear() == 2024",
        "timestamp('2024-02-29T12:34:56Z').getMonth() == 1",
        "timestamp('2024-02-29T12:34:56Z').getDate() == 29",
        "timestamp('2024-02-29T12:34:56Z').getDayOfMonth() == 28",
        "timestamp('2024-02-29T12:34:56Z').getDayOfYear() == 59",
        "timestamp('2024-02-29T12:34:56Z').getDayOfWeek() == 4",
        "timestamp('2024-02-29T12:34:56Z').getHours('+02:00') == 14",
        "timestamp('2024-02-29T12:34:56Z').getHours('-13:00') == 23",
        "timestamp('2024-02-29T12:34:56.789Z').getMilliseconds() == 789",
        "timestamp('2024-02-29T12:34:56Z').getSeconds() == 56",
        "timestamp('2024-02-29T12:34:56+02:00') == timestamp('2024-02-29T10:34:56Z')",
        "string(timestamp('2024-02-29T12:34:56.5+02:00')) == '2024-02-29T10:34:56.5Z'",
        "timestamp(0) == timestamp('1970-01-01T00:00:00Z')",
        "timestamp('1970-01-01T00:00:10Z') - timestamp(0) == duration('10s')",
        "timestamp(0) + duration('1h') > timestamp(0)",
        "int(timestamp('2024-01-01T00:00:00Z')) == 1704067200",
        "timestamp('0001-01-01T00:00:00Z').getFullYear() == 1",
    ]);
    all_fail(&[
        ("duration('1d')", "compile: this string is no duration"),
        ("duration(v.name)", "this string is no duration"),
        (
            "timestamp('2024-02-30T00:00:00Z')",
            "compile: this string is no time",
        ),
        (
            "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
            "timestamp overflow",
        ),
        (
            "timestamp(0).getHours('Europe/Paris')",
            "the time zone is known in a cluster only",
        ),
        ("timestamp(0).getHours('x')", "no time zone"),
    ]);
}

#[test]
fn kubernetes_libraries() {
    all_hold(&[
        "isURL('https://a.b:80/p?x=1')",
        "!isURL('a b')",
        "isURL('/path')",
        "!isURL('x.y')",
        "url('HTTPS://a.b:80/p').getScheme() == 'https'",
        "url('https://u@a.b:80/p').getHost() == 'a.b:80'",
        "url('https://[::1]:80/').getHostname() == '::1'",
        "url('https://a.b:80/p').getPort() == '80'",
        "url('https://a/b c'.replace(' ', '%20')).getEscapedPath() == '/b%20c'",
        "url('https://a/?k=1&k=2&x=a+b').getQuery() == {'k': ['1', '2'], 'x': ['a b']}",
        "isIP('10.0.0.1') && isIP('::1') && !isIP('10.0.0.01') && !isIP('::ffff:1.2.3.4')",
        "ip('::1').family() == 6",
        "ip('127.0.0.1').isLoopback()",
        "ip('169.254.1.1').isLinkLocalUnicast()",
        "ip('224.0.0.1').isLinkLocalMulticast()",
        "ip('8.8.8.8').isGlobalUnicast()",
        "!ip('255.255.255.255').isGlobalUnicast()",
        "ip('0.0.0.0').isUnspecified()",
        "!ip.isCanonical('2001:DB8::1') && ip.isCanonical('2001:db8::1')",
        "string(ip('2001:DB8::1')) == '2001:db8::1'",
        "isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0')",
        "cidr('10.0.0.0/8').containsIP('10.2.3.4')",
        "!cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
        "cidr('10.0.0.0/8').prefixLength() == 8",
        "string(cidr('10.0.0.0/8')) == '10.0.0.0/8'",
        "cidr('10.1.2.3/8').ip() == ip('10.1.2.3')",
        "cidr('0.0.0.0/0').containsIP('1.2.3.4')",
        "cidr('::/0').containsIP('::1') && !cidr('::/0').containsIP('1.1.1.1')",
        "isQuantity('1Gi') && isQuantity('500m') && !isQuantity('1x') && !isQuantity('')",
        "quantity('1Gi').asInteger() == 1073741824",
        "quantity('1000m') == quantity('1')",
        "quantity('500m').isLessThan(quantity('1'))",
        "quantity('1.5').asApproximateFloat() == 1.5",
        "!quantity('500m').isInteger()",
        "quantity('1k').add(quantity('1')).asInteger() == 1001",
        "quantity('1k').sub(1).asInteger() == 999",
        "quantity('1').compareTo(quantity('2')) == -1",
        "quantity('-1').sign() == -1",
        "quantity('1e3') == quantity('1k')",
        "quantity('0.1n') == quantity('1n')",
        "quantity('1E') == quantity('1000P')",
        "isSemver('1.2.3') && !isSemver('v1.2') && isSemver('v1.2', true)",
        "semver('1.2.3').major() == 1",
        "semver('v01.2', true).patch() == 0",
        "semver('1.2.3-a').isLessThan(semver('1.2.3'))",
        "semver('1.2.3+x').compareTo(semver('1.2.3+y')) == 0",
        "!format.dns1123Label().validate('my-name').hasValue()",
        "format.dns1123Label().validate('My').hasValue()",
        "format.named('dns1035Label').value().validate('1a').hasValue()",
        "!format.named('x').hasValue()",
        "!format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue()",
        "!format.date().validate('2024-02-29').hasValue()",
        "!format.dns1123LabelPrefix().validate('a-').hasValue()",
        "!format.labelValue().validate('').hasValue()",
        "!format.qualifiedName().validate('example.com/name').hasValue()",
        "format.byte().validate('a').hasValue()",
    ]);
    all_fail(&[
        ("url('x')", "no URL"),
        ("ip('x')", "no IP address"),
        ("cidr('x')", "no range"),
        ("quantity('x')", "no quantity"),
        ("quantity('500m').asInteger()", "no integer"),
        ("semver('1')", "no version"),
    ]);
}

#[test]
fn errors_are_found_without_running() {
    let cases: &[(&str, &str, &str)] = &[
        ("obejct.x", "obejct", "`obejct` is not declared"),
        ("w.x", "w", "`w` is not declared; did you mean `v`?"),
        ("'a' + 1", "'a' + 1", "`+` does not go with string and int"),
        (
            "1 == 'a'",
            "1 == 'a'",
            "`==` does not go with int and string",
        ),
        (
            "1 == 1.0",
            "1 == 1.0",
            "`==` does not go with int and double",
        ),
        (
            "'a'.startWith('b')",
            "startWith",
            "there is no function `startWith`; did you mean `startsWith`?",
        ),
        (
            "startsWith('a')",
            "startsWith",
            "`startsWith` is called on a value: `value.startsWith(…)`",
        ),
        (
            "'a'.isURL()",
            "isURL",
            "`isURL` is called as `isURL(…)`, not on a value",
        ),
        (
            "'a'.startsWith(1)",
            "'a'.startsWith(1)",
            "string has no `startsWith(int)`",
        ),
        ("size(1)", "size(1)", "`size` does not take (int)"),
        ("size()", "size()", "`size` takes 1 argument, and not 0"),
        ("true && 1", "1", "`&&` takes a bool, and this is int"),
        (
            "1 ? 2 : 3",
            "1",
            "the condition of `?:` takes a bool, and this is int",
        ),
        (
            "true ? 1 : 'a'",
            "true ? 1 : 'a'",
            "both sides of `:` must have one type, and they are int and string",
        ),
        (
            "[1]['a']",
            "'a'",
            "the items of a list are numbered by int, and this is string",
        ),
        ("'a'.b", "b", "string has no fields, so not `b` either"),
        (
            "sets.contain([1], [1])",
            "contain",
            "there is no function `sets.contain`; did you mean `sets.contains`?",
        ),
        ("!1", "!1", "`!` does not go with int"),
        ("-null", "-null", "`-` does not go with null"),
        ("-'a'", "-'a'", "`-` does not go with string"),
        ("'a'.matches('[')", "'['", "this is no pattern"),
        (
            "[1].map(x, y)",
            "y",
            "`y` is not declared; did you mean `x`?",
        ),
        ("\n  v.a +\n  w", "w", "`w` is not declared"),
    ];
    for (text, place, message) in cases {
        let errors = compile(text, &environment()).unwrap_err();
        assert!(
            errors[0].message.starts_with(message),
            "{text}: {}",
            errors[0].message
        );
        assert_eq!(errors[0].span.of(text), *place, "{text}");
    }
    // All errors are told, not the first only.
    assert_eq!(compile("a + b", &environment()).unwrap_err().len(), 2);
}

#[test]
fn functions_come_with_their_versions() {
    for (text, since) in [
        ("format.date() == format.date()", 32),
        ("[1].all(i, x, true)", 33),
        ("isSemver('1.0.0')", 34),
        ("[1].distinct() == [1]", 35),
        ("[1].sortBy(x, x) == [1]", 35),
    ] {
        assert!(compile(text, &Environment::new(since)).is_ok(), "{text}");
        let errors = compile(text, &Environment::new(since - 1)).unwrap_err();
        assert!(
            errors[0]
                .message
                .contains(&format!("from Kubernetes 1.{since} on")),
            "{text}: {}",
            errors[0].message
        );
    }
}

#[test]
fn a_budget_stops_a_run() {
    let tens = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    let mut loops = String::new();
    for at in 0..7 {
        write!(loops, "{tens}.all(x{at}, ").unwrap();
    }
    let text = format!("{loops} true {}", ")".repeat(7));
    assert_eq!(run(&text), Err(EvalError::Budget.to_string()));
    // A text that doubles: few steps, but large values.
    let mut text = "'aaaaaaaaaaaaaaaa'".to_owned();
    for at in 0..30 {
        text = format!("[{text}].map(x{at}, x{at} + x{at})[0]");
    }
    assert_eq!(run(&text), Err(EvalError::Budget.to_string()));
    let mut text = "[1, 2, 3, 4]".to_owned();
    for at in 0..30 {
        text = format!("[{text}].map(x{at}, x{at} + x{at})[0]");
    }
    assert_eq!(run(&text), Err(EvalError::Budget.to_string()));
    // What the runs of a policy share.
    let program = compile("[1, 2, 3].all(x, x > 0)", &Environment::new(NEWEST)).unwrap();
    let mut budget = Budget {
        left: 40,
        each: 1000,
        ..Budget::new()
    };
    assert!(program.eval(&Activation::new(), &mut budget).is_ok());
    assert!(budget.left < 40);
    assert!(matches!(
        program.eval(&Activation::new(), &mut budget),
        Err(EvalError::Budget)
    ));
    // What costs next to nothing may be much work: lists that double.
    let mut text = "[1]".to_owned();
    for at in 0..16 {
        text = format!("[{text}].map(x{at}, x{at} + x{at})[0]");
    }
    let program = compile(&text, &Environment::new(NEWEST)).unwrap();
    let mut budget = Budget {
        work: 1_000_000,
        ..Budget::new()
    };
    let runs = (0..1_000).find(|_| program.eval(&Activation::new(), &mut budget).is_err());
    assert!(runs.is_some_and(|runs| runs > 0), "{runs:?}");
    assert_eq!(budget.work, 0);
    assert!(budget.left > Budget::new().left / 2, "{}", budget.left);
}

#[test]
fn costs_are_counted_as_the_server_counts_them() {
    let cost = |text: &str| {
        let document = document(DATA);
        let mut activation = Activation::new();
        activation.set("v", Value::node(document.root()));
        activation.set("authorizer", Value::Null);
        let mut budget = Budget::new();
        compile(text, &environment())
            .unwrap()
            .eval(&activation, &mut budget)
            .unwrap();
        Budget::new().left - budget.left
    };
    for (text, expected) in [
        ("true", 0),
        ("v.name", 2),
        ("has(v.name)", 0),
        ("v.num == 3", 3),
        ("[1, 2]", 10),
        ("{'a': 1}", 30),
        ("'abcdefghijk' == 'abcdefghijk'", 2),
        ("v.name.contains('a')", 3),
        ("[1, 2].all(x, x > 0)", 10 + 2 * (3 + 2) + 1),
        ("[1, 2].map(x, x)", 10 + 11 + 2 * (12 + 1)),
    ] {
        assert_eq!(cost(text), expected, "{text}");
    }
}

#[test]
fn deep_and_long_expressions_end_in_errors() {
    for text in [
        "(".repeat(100_000),
        "[".repeat(5_000),
        "!".repeat(90_000) + "true",
        "-".repeat(90_000) + "v.num",
        "!-".repeat(40_000),
        "v.".repeat(40_000) + "a",
        "1+".repeat(40_000) + "1",
        "true?true:".repeat(9_000) + "true",
        "{1:".repeat(20_000),
        "a(".repeat(20_000),
        "x".repeat(200_000),
        "v".to_owned() + &"[0]".repeat(20_000),
    ] {
        let result = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || run(&text))
            .unwrap()
            .join()
            .unwrap();
        let harmless =
            result == Ok("true".to_owned()) || result == Ok("3".to_owned()) || result.is_err();
        assert!(harmless, "{result:?}");
    }
    let wide = format!("{} true", "true && ".repeat(10_000));
    assert_eq!(run(&wide).as_deref(), Ok("true"));
    let deep = format!("{}[1]{}", "[1].map(x, ".repeat(90), ")".repeat(90));
    let result = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || run(&deep))
        .unwrap()
        .join()
        .unwrap();
    assert!(result.is_ok(), "{result:?}");
}

proptest! {
    #[test]
    fn no_soup_of_tokens_panics(words in proptest::collection::vec(proptest::sample::select(vec![
        "v", "x", "1", "1u", "1.5", "'a'", "b'a'", "null", "true", "(", ")", "[", "]", "{", "}", ",", ".", "?", ":", "+",
        "-", "*", "/", "%", "!", "==", "<", "in", "&&", "||", "has(", ".all(x,", ".map(x,", ".exists(i,x,", ".size()",
        ".name", ".?n", "[?0]", "optional.of(", ".orValue(", "'%s'.format([", "timestamp(", "duration('1s')", ".sum()",
        "quantity('1')", ".matches('a')", ".split('')", ".list", "dyn(", ".sortBy(x,", ".transformMap(k,x,", "é", "`a`",
    ]), 0..25)) {
        let text = words.concat();
        let first = run(&text);
        prop_assert_eq!(first, run(&text));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        drop(run(&text));
    }

    #[test]
    fn integers_are_compared_with_doubles_as_they_are(a in any::<i64>(), b in any::<i32>()) {
        let expected = i128::from(a).cmp(&i128::from(b));
        let found = number::compare(&Value::Int(a), &Value::Double(f64::from(b)));
        prop_assert_eq!(found, Some(expected));
    }
}

/// A type, and a value, that would double with every step if they were not shared or refused.
#[test]
fn what_doubles_is_stopped() {
    let mut types = "[1]".to_owned();
    let mut values = "[[1]]".to_owned();
    for at in 0..60 {
        write!(types, ".map(x{at}, {{x{at}: x{at}}})").unwrap();
        write!(values, ".map(x{at}, [x{at}, x{at}])").unwrap();
    }
    assert!(run(&types).is_err());
    assert_eq!(
        run(&format!("{values} == {values}")),
        Err(EvalError::Budget.to_string())
    );
    assert!(run(&format!("'%s'.format({values})")).is_err());
    assert!(run(&format!("{values}.flatten(1000)")).is_err());
}

/// Checks expressions that are long rather than deep, and wrong in many places.
#[test]
fn long_expressions_are_checked_in_no_time() {
    let all = [
        format!("[{}]", "1 + 2, ".repeat(12_000)),
        format!("[{}]", "a, ".repeat(30_000)),
        format!("[{}]", "f(1), ".repeat(15_000)),
        format!("[{}]", "v.a.b.c.d == [], ".repeat(5_000)),
        format!("{{{}}}", "1: [], ".repeat(12_000)),
    ];
    for text in all {
        let told = compile(&text, &environment()).map_or_else(|errors| errors.len(), |_| 0);
        assert!(told <= 20, "{told}");
    }
}
