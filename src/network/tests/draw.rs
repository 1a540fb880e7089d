//! Pictures: they say what is open, no more and no less, whatever names are.

use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::brute::{text, world};
use super::*;
use crate::cluster::{Cluster, Settings};
use crate::network::draw::{Form, Gathering, Page, Party, Picture, dot, mermaid, page, svg};

/// A picture, and what it is of: the names of ends, and what is open between them.
struct Drawn {
    picture: Picture,
    /// With whether connections come from it; those to addresses go to others.
    names: Vec<(Name, bool)>,
    open: BTreeMap<(String, String), Connections>,
}

fn drawn(yaml: &str) -> Drawn {
    let resources = resources(yaml);
    let settings = Settings::default();
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    let reach = Reach::new(&cluster);
    let mut gathering = Gathering::new(&reach);
    let mut open = BTreeMap::new();
    let Ok(()) = connections::<Infallible>(
        &reach,
        |_| true,
        |_| true,
        |one| {
            gathering.add(&one);
            open.insert((one.from.to_owned(), one.to.to_owned()), one.connections);
            Ok(())
        },
    );
    let picture = gathering.picture("a title".to_owned(), true).unwrap();
    Drawn {
        picture,
        names: names(&reach)
            .into_iter()
            .map(|name| {
                let is_source = reach.numbering.is_source(name.peers[0]);
                (name, is_source)
            })
            .collect(),
        open,
    }
}

/// Tells whether an end of the picture stands for a name, whole.
fn stands_for(party: &Party, name: &Name) -> bool {
    match party {
        Party::Area(area) => name.range.is_some_and(|range| area.contains(&range)),
        Party::Workload(namespace, own, kind) => name.shown == format!("{namespace}/{own}[{kind}]"),
        Party::Namespace(namespace) => name.shown.starts_with(&format!("{namespace}/")),
        Party::Entity(entity) => name.shown == format!("{entity}[Entity]"),
        Party::Controller => name.shown == "{ingress-controller}",
    }
}

/// Returns what a picture says about two ends.
fn said(picture: &Picture, from: &Name, to: &Name) -> Connections {
    let mut said = Connections::default();
    for edge in &picture.edges {
        let ends = [(edge.from, from), (edge.to, to)];
        if ends
            .iter()
            .all(|(place, name)| stands_for(&picture.spots[*place].party, name))
        {
            said.add(&edge.connections);
        }
    }
    let open = |name: &Name| {
        picture
            .spots
            .iter()
            .any(|spot| spot.open && stands_for(&spot.party, name))
    };
    let outside = |name: &Name| name.range.is_some() || name.shown.ends_with("[Entity]");
    let told = (open(from) && (open(to) || outside(to)) || outside(from) && open(to))
        && from.shown != to.shown;
    if told {
        said.add(&Connections::all());
    }
    said
}

impl Drawn {
    /// Compares what the picture says about any two ends with what is open.
    fn compare(&self) -> Result<(), String> {
        for (from, _) in self.names.iter().filter(|(_, is_source)| *is_source) {
            let targets = self.names.iter();
            let targets = targets.filter(|(name, is_source)| name.range.is_none() || !is_source);
            for (to, _) in targets {
                let said = said(&self.picture, from, to);
                let key = (from.shown.clone(), to.shown.clone());
                let is = self.open.get(&key).cloned().unwrap_or_default();
                if said != is {
                    return Err(format!("{key:?}: said {said}, is {is}"));
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_picture_says_what_is_open(world in world()) {
        let yaml = text(&world);
        let drawn = drawn(&yaml);
        prop_assert_eq!(drawn.compare(), Ok(()), "{}", yaml);
        shows_all(&drawn.picture)?;
    }
}

/// Checks that each format shows every box and every connection.
fn shows_all(picture: &Picture) -> Result<(), TestCaseError> {
    let (dot, mermaid, svg) = (dot(picture), mermaid(picture), svg(picture));
    let lines: Vec<_> = picture
        .edges
        .iter()
        .filter(|edge| edge.form == Form::Line)
        .collect();
    for edge in &lines {
        let arrow = format!("  n{} -> n{} [label=\"", edge.from, edge.to);
        prop_assert_eq!(dot.matches(&arrow).count(), 1);
        let start = format!("  n{} -->|\"", edge.from);
        let end = format!("\"| n{}", edge.to);
        let found = mermaid
            .lines()
            .filter(|line| line.starts_with(&start) && line.ends_with(&end));
        prop_assert_eq!(found.count(), 1);
    }
    prop_assert_eq!(dot.matches(" -> n").count(), lines.len());
    prop_assert_eq!(mermaid.matches(" -->|").count(), lines.len());
    prop_assert_eq!(svg.matches("<path class=\"c").count(), lines.len());
    let written = picture
        .spots
        .iter()
        .map(|spot| spot.texts.len())
        .sum::<usize>();
    let common = picture
        .groups
        .iter()
        .map(|group| group.texts.len() * group.spots.len());
    prop_assert_eq!(
        written + common.sum::<usize>(),
        picture.edges.len() - lines.len()
    );
    let shown = written
        + picture
            .groups
            .iter()
            .map(|group| group.texts.len())
            .sum::<usize>();
    for format in [&dot, &mermaid, &svg] {
        let texts = ["→ ", "← ", "within: "].map(|mark| format.matches(mark).count());
        prop_assert!(texts.iter().sum::<usize>() >= shown);
    }
    for place in 0..picture.spots.len() {
        let node = format!("  n{place} [label=");
        prop_assert!(dot.contains(&node));
        let nodes = ["[", "(["].map(|shape| format!("    n{place}{shape}\""));
        prop_assert!(nodes.iter().any(|node| mermaid.contains(node)));
    }
    prop_assert_eq!(
        svg.matches("<text class=\"n\"").count(),
        picture.spots.len()
    );
    Ok(())
}

fn deployment(namespace: &str, name: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         spec:\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: c}}]}}\n"
    )
}

/// A policy that lets out, or in, where nothing else is; both sides are needed.
fn policy(namespace: &str, name: &str, pods: &str, rules: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
         metadata: {{name: {name}, namespace: {namespace}}}\n\
         spec: {{podSelector: {pods}, policyTypes: [Ingress, Egress]{rules}}}\n"
    )
}

/// Namespaces `a` and `b`, each closed, of which all pods of `a` reach `b/hub` on 53.
fn star(count: usize) -> String {
    let mut yaml = policy(
        "a",
        "deny",
        "{}",
        ", egress: [{to: [{namespaceSelector: {}}], ports: [{port: 53}]}]",
    );
    yaml.push_str(&policy(
        "b",
        "deny",
        "{}",
        ", ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 53}]}]",
    ));
    yaml.push_str(&deployment("b", "hub"));
    for place in 0..count {
        yaml.push_str(&deployment("a", &format!("w{place:03}")));
    }
    yaml
}

#[test]
fn an_end_with_many_connections_is_written_and_said_once_of_a_namespace() {
    for (count, lines) in [(2, 2), (3, 0), (12, 0)] {
        let drawn = drawn(&star(count));
        assert_eq!(drawn.compare(), Ok(()), "{count}");
        let picture = drawn.picture;
        let drawn = picture.edges.iter().filter(|edge| edge.form == Form::Line);
        assert_eq!(drawn.count(), lines, "{count}");
        let head = picture.groups[0]
            .texts
            .iter()
            .map(super::super::draw::Text::shown);
        let head: Vec<String> = head.collect();
        let hub = picture
            .spots
            .iter()
            .find(|spot| spot.name == "hub")
            .unwrap();
        if lines == 0 {
            assert_eq!(head, ["→ hub: 53"]);
            assert_eq!(hub.elsewhere, [0, count]);
            let title = "label=\"a\\l→ hub: 53\\l\"";
            assert!(dot(&picture).contains(title), "{}", dot(&picture));
        } else {
            assert!(head.is_empty());
        }
    }
}

#[test]
fn too_many_workloads_are_drawn_as_their_namespaces() {
    let drawn = drawn(&star(400));
    assert_eq!(drawn.picture.spots.len(), 2);
    assert_eq!(drawn.picture.edges.len(), 1);
    let notes = drawn.picture.notes.join("\n");
    assert!(notes.contains("a box is a namespace"), "{notes}");
}

#[test]
fn what_nothing_closes_is_dashed_and_has_no_lines() {
    let yaml: String = (0..30)
        .map(|place| deployment("a", &format!("w{place}")))
        .collect();
    let drawn = drawn(&yaml);
    assert_eq!(drawn.compare(), Ok(()));
    assert!(drawn.picture.edges.is_empty());
    assert!(drawn.picture.spots.iter().all(|spot| spot.open));
    assert!(svg(&drawn.picture).contains("Dashed boxes are open"));
}

#[test]
fn very_dense_pictures_have_a_place_for_everything() {
    let mut yaml = String::new();
    for namespace in 0..10 {
        yaml.push_str(&policy(&format!("n{namespace}"), "deny", "{}", ""));
    }
    let name = |place: usize| (format!("n{}", place % 10), format!("w{place}"));
    for place in 0..100 {
        let (namespace, own) = name(place);
        yaml.push_str(&deployment(&namespace, &own));
        // Two others, chosen so that every namespace has to do with every other.
        for step in [7, 33] {
            let (other, target) = name((place * step + 1) % 100);
            let peer = |namespace: &str, name: &str| {
                format!(
                    "[{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}, \
                     podSelector: {{matchLabels: {{app: {name}}}}}}}]"
                )
            };
            let pods = |name: &str| format!("{{matchLabels: {{app: {name}}}}}");
            let out = format!(", egress: [{{to: {}}}]", peer(&other, &target));
            yaml.push_str(&policy(
                &namespace,
                &format!("out-{place}-{step}"),
                &pods(&own),
                &out,
            ));
            let into = format!(", ingress: [{{from: {}}}]", peer(&namespace, &own));
            yaml.push_str(&policy(
                &other,
                &format!("in-{place}-{step}"),
                &pods(&target),
                &into,
            ));
        }
    }
    let drawn = drawn(&yaml);
    assert_eq!(drawn.compare(), Ok(()));
    let picture = svg(&drawn.picture);
    let corners: Vec<&str> = picture
        .lines()
        .filter(|line| line.starts_with("<rect class=\"b\""))
        .map(|line| line.split(" width").next().unwrap())
        .collect();
    let mut places = corners.clone();
    places.sort_unstable();
    places.dedup();
    assert_eq!((corners.len(), places.len()), (100, 100));
    assert!(!picture.contains("NaN") && !picture.contains("inf"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let yaml = star(5) + &deployment("c", "open");
    let first = drawn(&yaml).picture;
    for _ in 0..5 {
        let again = drawn(&yaml).picture;
        for draw in [dot, mermaid, svg] {
            assert_eq!(draw(&first), draw(&again));
        }
    }
}

#[test]
fn names_cannot_be_orders() {
    let hostile = "\"]; <script>x</script> & ' `b` \\n #35; | -->\u{202e}%%{init}%%";
    let name = serde_json::to_string(hostile).unwrap();
    let yaml = deployment("a", &name)
        + &deployment("b", "plain")
        + &policy("c", "deny", "{}", "")
        + &deployment("c", "shut");
    let mut drawn = drawn(&yaml);
    drawn.picture.title = hostile.to_owned();
    let picture = &drawn.picture;
    shows_all(picture).unwrap();
    for (format, wanted) in [
        (
            dot(picture),
            "label=\"\\\"]; <script>x</script> &amp; ' `b` \\\\n #35; | -->\u{fffd}%%{init}%%\\nDeployment\"",
        ),
        (
            mermaid(picture),
            "<b>#34;#93;#59; #60;script#62;x#60;/script#62; #38; #39; #96;b#96; #92;n #35;35#59; #124; --#62;\u{fffd}",
        ),
        (
            svg(picture),
            ">&quot;]; &lt;script&gt;x&lt;/script&gt; &amp; &#39; `b` \\n #35; | --&gt;\u{fffd}%%{init}%%</text>",
        ),
    ] {
        assert!(format.contains(wanted), "{format}");
        assert!(!format.contains('\u{202e}'));
    }
    let one = Page {
        environment: "dev",
        file: "network-dev.svg",
        picture,
        reasons: Vec::new(),
    };
    let page = page(&[one]);
    assert!(
        page.contains(
            "a/\"\\]; &lt;script&gt;x&lt;/script&gt; &amp; ' \\`b\\` \\\\n \\#35; \\| --&gt;"
        ),
        "{page}"
    );
}

#[test]
fn a_page_tells_environments_together_and_says_why() {
    let picture = drawn(&star(2)).picture;
    let other = drawn(&star(1)).picture;
    let of = |environment, picture: &'static Picture, reason| Page {
        environment,
        file: "x.svg",
        picture,
        reasons: picture.edges.iter().map(|_| vec![reason]).collect(),
    };
    let [picture, other]: [&'static Picture; 2] =
        [picture, other].map(|one| &*Box::leak(Box::new(one)));
    let text = page(&[
        of("dev", picture, "names|all"),
        of("prod", other, "names|all"),
    ]);
    assert!(
        text.contains("\n### To b\n\n| to | from | ports | in | why |\n|---|---|---|---|---|\n"),
        "{text}"
    );
    assert!(text.contains("| b/hub | a/w000 | TCP 53 | all | names\\|all |\n| b/hub | a/w001 | TCP 53 | dev | names\\|all |\n"), "{text}");
}
