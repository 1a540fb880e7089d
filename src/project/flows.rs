//! `policies/flows.yaml`: who may talk to whom, and why.

use std::net::IpAddr;

use super::ConfigProblem;
use super::fields::{Reader, required};
use crate::finding::{did_you_mean, nearest};
use crate::source::FileId;
use crate::yaml::{self, Document, Node};

/// The declared connections of a project.
#[derive(Clone, Debug)]
pub struct Flows {
    /// The file.
    pub file: FileId,
    /// Its tree; the flows name nodes of it.
    pub document: Document,
    /// What it declares.
    pub flows: Vec<Flow>,
}

/// A declared connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Where it comes from.
    pub from: FlowEnd,
    /// Where it goes.
    pub to: FlowEnd,
    /// Its ports: protocol, first and last.
    pub ports: Vec<(String, u32, u32)>,
    /// The environments; all where there are none.
    pub environments: Vec<String>,
    /// Why it is there.
    pub reason: String,
    /// The numbers of the nodes of `from` and `to`.
    pub nodes: [usize; 2],
}

/// An end of a declared connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowEnd {
    /// Every public address.
    Internet,
    /// The ingress controllers of a class.
    Ingress(String),
    /// Addresses.
    Cidr(String),
    /// What is in or at the cluster and is no pod.
    Entity(String),
    /// Every pod of a namespace.
    Namespace(String),
    /// A workload, by namespace and name.
    Workload(String, String),
    /// Pods of somebody else's, by namespace and labels.
    Pods(String, Vec<(String, String)>),
}

impl FlowEnd {
    /// Reads an end as it is written.
    fn parse(text: &str) -> Option<Self> {
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        if text == "internet" {
            return Some(Self::Internet);
        }
        if let Some(range) = text.strip_prefix("cidr:") {
            return is_range(range).then(|| Self::Cidr(range.to_owned()));
        }
        if let Some(name) = text.strip_prefix("entity:") {
            return named(name).map(Self::Entity);
        }
        if let Some(name) = text.strip_prefix("namespace:") {
            return named(name).map(Self::Namespace);
        }
        if let Some(class) = text.strip_prefix("ingress/") {
            return named(class).map(Self::Ingress);
        }
        let (namespace, rest) = text.split_once('/')?;
        let namespace = named(namespace)?;
        if !rest.contains('=') {
            return named(rest).map(|name| Self::Workload(namespace, name));
        }
        let labels = rest.split(',').map(|label| {
            let (key, value) = label.split_once('=')?;
            Some((named(key)?, value.to_owned()))
        });
        let labels = labels.collect::<Option<Vec<_>>>()?;
        Some(Self::Pods(namespace, labels))
    }
}

/// Tells whether a text is a range of addresses, such as `10.0.0.0/8`.
pub(super) fn is_range(text: &str) -> bool {
    let Some((address, prefix)) = text.split_once('/') else {
        return false;
    };
    let bits = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    prefix.parse::<u32>().is_ok_and(|prefix| prefix <= bits)
}

const KEYS: &[&str] = &["from", "to", "ports", "environments", "reason"];

/// Reads the text of `policies/flows.yaml`.
pub(super) fn parse_flows(
    file: FileId,
    stream: yaml::Stream,
    environments: &[&str],
) -> Result<Option<Flows>, Vec<ConfigProblem>> {
    let mut reader = Reader::of(file, &stream);
    let mut documents = stream.documents.into_iter();
    let document = documents.next();
    if let Some(more) = documents.next() {
        reader.problem(more.root(), "there must be one document only", None);
    }
    let mut flows = Vec::new();
    if let Some(document) = &document {
        for (_, list) in reader.known(document.root(), &["flows"]) {
            for item in reader.list(list) {
                flows.extend(flow(&mut reader, item, environments));
            }
        }
    }
    if reader.problems.is_empty() {
        Ok(document.map(|document| Flows {
            file,
            document,
            flows,
        }))
    } else {
        Err(reader.problems)
    }
}

fn flow(reader: &mut Reader, item: Node<'_>, known: &[&str]) -> Option<Flow> {
    reader.known(item, KEYS);
    required(reader, item, &["from", "to", "ports", "reason"]);
    let from = item.get("from").and_then(|node| end(reader, node));
    let to = item.get("to").and_then(|node| end(reader, node));
    let reason = item.get("reason").and_then(|node| reader.string(node));
    let ports = item.get("ports")?;
    let mut open = Vec::new();
    let listed = reader.list(ports);
    if listed.is_empty() {
        reader.problem(ports, "there must be a port", Some(PORTS.to_owned()));
    }
    for port in listed {
        open.extend(ports_of(reader, port));
    }
    let mut environments = Vec::new();
    if let Some(list) = item.get("environments") {
        for node in reader.list(list) {
            let Some(name) = reader.string(node) else {
                continue;
            };
            if !known.contains(&name.as_str()) {
                let near = did_you_mean(nearest(&name, known.iter().copied()));
                reader.problem(
                    node,
                    format!("there is no environment `{name}`{near}"),
                    None,
                );
            }
            environments.push(name);
        }
    }
    Some(Flow {
        nodes: [item.get("from")?.index(), item.get("to")?.index()],
        from: from?,
        to: to?,
        ports: open,
        environments,
        reason: reason.unwrap_or_default(),
    })
}

fn end(reader: &mut Reader, node: Node<'_>) -> Option<FlowEnd> {
    let text = reader.string(node)?;
    let end = FlowEnd::parse(&text);
    if end.is_none() {
        let help = "write `namespace/workload`, `namespace/label=value`, `namespace:name`, `ingress/class`, `internet`, `cidr:10.0.0.0/8` or `entity:kube-apiserver`";
        let message = format!("`{text}` names no end of a connection");
        reader.problem(node, message, Some(help.into()));
    }
    end
}

const PORTS: &str = "write ports as `TCP/8080` or `UDP/4000-4010`; protocols are TCP, UDP and SCTP";

fn ports_of(reader: &mut Reader, node: Node<'_>) -> Option<(String, u32, u32)> {
    let text = reader.string(node)?;
    let read = || {
        let (protocol, ports) = text.split_once('/')?;
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let number = |text: &str| {
            let number = text.parse::<u32>().ok();
            number.filter(|number| (1..=65_535).contains(number))
        };
        let (first, last) = (number(first)?, number(last)?);
        let known = ["TCP", "UDP", "SCTP"].contains(&protocol);
        (known && first <= last).then(|| (protocol.to_owned(), first, last))
    };
    let ports = read();
    if ports.is_none() {
        reader.problem(node, format!("`{text}` is no port"), Some(PORTS.to_owned()));
    }
    ports
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::SourceMap;

    fn read(text: &str) -> Result<Vec<Flow>, Vec<String>> {
        let mut sources = SourceMap::new();
        let file = sources.add("policies/flows.yaml", text);
        let stream = yaml::read(&Arc::from(text), &yaml::Limits::default());
        match parse_flows(file, stream, &["dev", "prod"]) {
            Ok(flows) => Ok(flows.map(|flows| flows.flows).unwrap_or_default()),
            Err(problems) => Err(problems.into_iter().map(|one| one.message).collect()),
        }
    }

    const GOOD: &str = "flows:\n- {from: a/b, to: internet, ports: [TCP/80, UDP/1-2], environments: [dev], reason: r}\n";

    #[test]
    fn ends_are_read_in_every_form() {
        let [a, b] = ["a", "b"].map(str::to_owned);
        for (text, end) in [
            ("internet", Some(FlowEnd::Internet)),
            ("a/b", Some(FlowEnd::Workload(a.clone(), b.clone()))),
            ("ingress/b", Some(FlowEnd::Ingress(b.clone()))),
            ("namespace:a", Some(FlowEnd::Namespace(a.clone()))),
            ("entity:a", Some(FlowEnd::Entity(a.clone()))),
            ("cidr:10.0.0.0/8", Some(FlowEnd::Cidr("10.0.0.0/8".into()))),
            ("cidr:fd00::/8", Some(FlowEnd::Cidr("fd00::/8".into()))),
            (
                "a/x.io/k=b,l=",
                Some(FlowEnd::Pods(
                    a,
                    vec![("x.io/k".into(), b), ("l".into(), String::new())],
                )),
            ),
            ("cidr:10.0.0.0", None),
            ("cidr:10.0.0.0/33", None),
            ("a", None),
            ("a/", None),
            ("/b", None),
            ("a/k=v,", None),
        ] {
            assert_eq!(FlowEnd::parse(text), end, "{text}");
        }
    }

    #[test]
    fn flows_are_read() {
        let flows = read(GOOD).unwrap();
        assert_eq!(flows.len(), 1);
        let ports = [("TCP".to_owned(), 80, 80), ("UDP".to_owned(), 1, 2)];
        assert_eq!(flows[0].ports, ports);
        assert_eq!(flows[0].environments, ["dev"]);
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read("flows:\n").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_with_a_flow_is_told() {
        for (from, to, message) in [
            ("a/b", "a", "`a` names no end of a connection"),
            ("TCP/80", "eighty", "`eighty` is no port"),
            ("TCP/80", "ICMP/80", "`ICMP/80` is no port"),
            ("TCP/80", "TCP/70000", "`TCP/70000` is no port"),
            ("UDP/1-2", "UDP/2-1", "`UDP/2-1` is no port"),
            ("[TCP/80, UDP/1-2]", "[]", "there must be a port"),
            (
                "[dev]",
                "[prd]",
                "there is no environment `prd`; did you mean `prod`?",
            ),
            (", reason: r", "", "`reason` is missing"),
            (
                "reason: r",
                "raeson: r",
                "unknown key `raeson`; did you mean `reason`?",
            ),
        ] {
            let problems = read(&GOOD.replace(from, to)).unwrap_err();
            assert_eq!(problems[0], message, "{problems:?}");
        }
    }
}
