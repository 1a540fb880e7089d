use super::*;

fn of(parts: &[(Protocol, u32, u32)]) -> Connections {
    let mut connections = Connections::default();
    for (protocol, first, last) in parts {
        connections.add(&Connections::of(*protocol, *first, *last));
    }
    connections
}

#[test]
fn ports_are_shown_as_people_write_them() {
    use Protocol::{Sctp, Tcp, Udp};
    let many: Vec<(Protocol, u32, u32)> = (0..20)
        .map(|place| (Tcp, 100 + place * 2, 100 + place * 2))
        .collect();
    for (parts, long, short) in [
        (&[(Tcp, 443, 443)][..], "TCP 443", "443"),
        (
            &[(Udp, 53, 53), (Tcp, 53, 53)],
            "TCP 53; UDP 53",
            "53; UDP 53",
        ),
        (
            &[(Tcp, 80, 90), (Tcp, 443, 443)],
            "TCP 80-90, 443",
            "80-90, 443",
        ),
        (&[(Tcp, 1, 65_535)], "all TCP", "all TCP"),
        (
            &[(Udp, 1, 65_535), (Sctp, 7, 7)],
            "all UDP; SCTP 7",
            "all UDP; SCTP 7",
        ),
        (
            &[(Tcp, 1, 65_535), (Udp, 1, 65_535), (Sctp, 1, 65_535)],
            "all ports",
            "all ports",
        ),
        (
            &many,
            "TCP 100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126, 128, 130, 132, 134, 136, 138",
            "100, 102, 104, 106, 108, 110, 112, 114; 12 more",
        ),
    ] {
        let connections = of(parts);
        assert_eq!(ports(&connections), long);
        assert_eq!(few_ports(&connections), short);
    }
}

#[test]
fn what_cannot_be_seen_is_replaced() {
    let shown: String = visible("a\u{0}b\u{202e}c\u{200b}d\ne").collect();
    assert_eq!(shown, "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}e");
    let shown: String = visible("ünïcode ✓").collect();
    assert_eq!(shown, "ünïcode ✓");
}
