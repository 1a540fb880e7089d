use crate::api::testing::{accepted, accepted_in, refused, refused_in};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: main
      image: nginx
  volumes:
    - name: info # volume
";

/// The line of a volume of one source.
fn of(source: &str, rest: &str) -> String {
    format!("name: a\n      {source}: {{{rest}}}")
}

fn at(field: &str) -> String {
    format!("spec.volumes[0].{field}")
}

const LINE: &str = "name: info # volume";

/// Changes of a source: what stands in it, the rule, the field and the text.
#[track_caller]
fn source_refused(source: &str, cases: &[(&str, &str, &str, &str)]) {
    for (rest, rule, field, text) in cases {
        refused(
            POD,
            &[(
                LINE,
                &of(source, rest),
                rule,
                &at(&format!("{source}{field}")),
                text,
            )],
        );
    }
}

#[track_caller]
fn source_accepted(source: &str, cases: &[&str]) {
    for rest in cases {
        accepted(POD, &[(LINE, &of(source, rest))]);
    }
}

#[test]
fn names_and_sources() {
    refused(
        POD,
        &[
            (LINE, "name: ''", "api/required", &at("name"), "''"),
            (LINE, "name: a.b", "api/name", &at("name"), "a.b"),
            (
                LINE,
                "name: a\n    - name: a",
                "api/duplicate",
                "spec.volumes[1].name",
                "a",
            ),
            (
                LINE,
                "name: a\n      configMap: {name: a}\n      emptyDir: {}",
                "api/alternatives",
                &at("configMap"),
                "configMap",
            ),
            (
                LINE,
                "name: a\n      emptyDir: {}\n      image: {reference: a}",
                "api/alternatives",
                &at("image"),
                "image",
            ),
        ],
    );
    accepted(
        POD,
        &[
            (LINE, "name: 0-a"),
            (LINE, "name: a\n      emptyDir: {}\n      secret: null"),
        ],
    );
}

#[test]
fn folders() {
    source_refused(
        "emptyDir",
        &[
            ("sizeLimit: -1", "api/quantity", ".sizeLimit", "-1"),
            ("sizeLimit: big", "api/quantity", ".sizeLimit", "big"),
        ],
    );
    source_accepted(
        "emptyDir",
        &[
            "sizeLimit: 0, medium: ''",
            "medium: HugePages-2Mi",
            "medium: Anything, sizeLimit: 1.5Gi",
        ],
    );
    source_refused(
        "hostPath",
        &[
            ("path: ''", "api/required", ".path", "''"),
            ("path: /a/../b", "api/path", ".path", "/a/../b"),
            ("path: /a, type: Folder", "api/enum", ".type", "Folder"),
        ],
    );
    source_accepted(
        "hostPath",
        &[
            "path: /, type: ''",
            "path: relative",
            "path: /a/..b, type: Socket",
            "path: 'c:\\a'",
        ],
    );
}

#[test]
fn files_of_keys() {
    for (source, name) in [("configMap", "name: A_b"), ("secret", "secretName: A_b")] {
        let field = name.split_once(':').unwrap().0;
        source_refused(
            source,
            &[
                (
                    "optional: true",
                    "api/required",
                    &format!(".{field}"),
                    "{optional: true}",
                ),
                (
                    &format!("{name}, defaultMode: 512"),
                    "api/range",
                    ".defaultMode",
                    "512",
                ),
                (
                    &format!("{name}, defaultMode: -1"),
                    "api/range",
                    ".defaultMode",
                    "-1",
                ),
                (
                    &format!("{name}, items: [{{key: '', path: a}}]"),
                    "api/required",
                    ".items[0].key",
                    "''",
                ),
                (
                    &format!("{name}, items: [{{key: a, path: ''}}]"),
                    "api/required",
                    ".items[0].path",
                    "''",
                ),
                (
                    &format!("{name}, items: [{{key: a, path: /a}}]"),
                    "api/path",
                    ".items[0].path",
                    "/a",
                ),
                (
                    &format!("{name}, items: [{{key: a, path: a/../b}}]"),
                    "api/path",
                    ".items[0].path",
                    "a/../b",
                ),
                (
                    &format!("{name}, items: [{{key: a, path: ..a}}]"),
                    "api/path",
                    ".items[0].path",
                    "..a",
                ),
                (
                    &format!("{name}, items: [{{key: a, path: a, mode: 777}}]"),
                    "api/range",
                    ".items[0].mode",
                    "777",
                ),
            ],
        );
        source_accepted(
            source,
            &[
                &format!("{name}, defaultMode: 511, optional: true, items: []"),
                &format!(
                    "{name}, items: [{{key: a b, path: .a/..b, mode: 0}}, {{key: a, path: .a/..b}}]"
                ),
            ],
        );
    }
}

#[test]
fn files_about_the_pod() {
    source_refused(
        "downwardAPI",
        &[
            ("defaultMode: 1000", "api/range", ".defaultMode", "1000"),
            (
                "items: [{path: a}]",
                "api/alternatives",
                ".items[0]",
                "{path: a}",
            ),
            (
                "items: [{path: a, fieldRef: {fieldPath: metadata.name}, resourceFieldRef: {containerName: a, resource: limits.cpu}}]",
                "api/alternatives",
                ".items[0].resourceFieldRef",
                "resourceFieldRef",
            ),
            (
                "items: [{path: '', fieldRef: {fieldPath: metadata.name}}]",
                "api/required",
                ".items[0].path",
                "''",
            ),
            (
                "items: [{path: ../a, fieldRef: {fieldPath: metadata.name}}]",
                "api/path",
                ".items[0].path",
                "../a",
            ),
            (
                "items: [{path: a, mode: 512, fieldRef: {fieldPath: metadata.name}}]",
                "api/range",
                ".items[0].mode",
                "512",
            ),
        ],
    );
    source_accepted(
        "downwardAPI",
        &[
            "items: []",
            "defaultMode: 0, items: [{path: a/b, mode: 256, fieldRef: {fieldPath: metadata.labels}}]",
        ],
    );
}

#[test]
fn projections() {
    source_refused(
        "projected",
        &[
            (
                "defaultMode: 512, sources: []",
                "api/range",
                ".defaultMode",
                "512",
            ),
            (
                "sources: [{secret: {name: a}, configMap: {name: a}}]",
                "api/alternatives",
                ".sources[0].configMap",
                "configMap",
            ),
            (
                "sources: [{secret: {optional: true}}]",
                "api/required",
                ".sources[0].secret.name",
                "{optional: true}",
            ),
            (
                "sources: [{configMap: {name: ''}}]",
                "api/required",
                ".sources[0].configMap.name",
                "''",
            ),
            (
                "sources: [{serviceAccountToken: {path: ''}}]",
                "api/required",
                ".sources[0].serviceAccountToken.path",
                "''",
            ),
            (
                "sources: [{serviceAccountToken: {path: ..a}}]",
                "api/path",
                ".sources[0].serviceAccountToken.path",
                "..a",
            ),
            (
                "sources: [{serviceAccountToken: {path: a, expirationSeconds: 599}}]",
                "api/range",
                ".sources[0].serviceAccountToken.expirationSeconds",
                "599",
            ),
            (
                "sources: [{serviceAccountToken: {path: a, expirationSeconds: 4294967297}}]",
                "api/range",
                ".sources[0].serviceAccountToken.expirationSeconds",
                "4294967297",
            ),
            (
                "sources: [{secret: {name: a, items: [{key: a, path: b}]}}, {configMap: {name: a, items: [{key: c, path: b}]}}]",
                "api/duplicate",
                ".sources[1].configMap.items[0].path",
                "b",
            ),
        ],
    );
    source_accepted(
        "projected",
        &[
            "sources: []",
            "sources: [{secret: {name: a}}, {configMap: {name: a}}, {downwardAPI: {items: []}}]",
            "sources: [{serviceAccountToken: {path: token, expirationSeconds: 600, audience: any thing}}]",
        ],
    );
}

#[test]
fn claims() {
    source_refused(
        "persistentVolumeClaim",
        &[("claimName: ''", "api/required", ".claimName", "''")],
    );
    source_refused(
        "ephemeral",
        &[("", "api/required", ".volumeClaimTemplate", "{}")],
    );
    let spec = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}";
    let template =
        |metadata: &str| format!("volumeClaimTemplate: {{metadata: {{{metadata}}}, {spec}}}");
    source_refused(
        "ephemeral",
        &[(
            &template("name: a"),
            "api/conflict",
            ".volumeClaimTemplate.metadata.name",
            "name",
        )],
    );
    source_accepted(
        "ephemeral",
        &[&template(
            "labels: {a: b}, annotations: {c: d}, creationTimestamp: null",
        )],
    );
    let both = format!(
        "{}\n    - name: b\n      persistentVolumeClaim: {{claimName: web-a}}",
        of("ephemeral", &template(""))
    );
    refused(
        POD,
        &[(
            LINE,
            &both,
            "api/conflict",
            "spec.volumes[1].persistentVolumeClaim.claimName",
            "web-a",
        )],
    );
}

#[test]
fn drivers_and_servers() {
    source_refused(
        "csi",
        &[
            ("driver: ''", "api/required", ".driver", "''"),
            ("driver: a_b", "api/name", ".driver", "a_b"),
            (
                "driver: a, nodePublishSecretRef: {}",
                "api/required",
                ".nodePublishSecretRef.name",
                "{}",
            ),
        ],
    );
    source_accepted(
        "csi",
        &["driver: Secrets-Store.csi.k8s.io, readOnly: true, nodePublishSecretRef: {name: A_}"],
    );
    source_refused(
        "nfs",
        &[
            ("server: '', path: /a", "api/required", ".server", "''"),
            ("server: a, path: ''", "api/required", ".path", "''"),
            ("server: a, path: a", "api/path", ".path", "a"),
        ],
    );
    source_accepted("nfs", &["server: any thing, path: /a/../b"]);
    source_refused(
        "iscsi",
        &[
            (
                "targetPortal: '', iqn: iqn.2001-04.a.b:c, lun: 0",
                "api/required",
                ".targetPortal",
                "''",
            ),
            ("targetPortal: a, iqn: a, lun: 0", "api/name", ".iqn", "a"),
            (
                "targetPortal: a, iqn: iqn.2001-04.a.b:c, lun: 256",
                "api/range",
                ".lun",
                "256",
            ),
            (
                "targetPortal: a, iqn: iqn.2001-04.a.b:c, lun: 0, chapAuthSession: true",
                "api/required",
                ".secretRef",
                "{targetPortal: a, iqn: iqn.2001-04.a.b:c, lun: 0, chapAuthSession: true}",
            ),
        ],
    );
    source_accepted(
        "iscsi",
        &[
            "targetPortal: a, iqn: iqn.2001-04.a.b:c, lun: 255",
            "targetPortal: a, iqn: eui.0123456789abcdef, lun: 0",
        ],
    );
    source_refused(
        "fc",
        &[
            ("lun: 1", "api/alternatives", ".targetWWNs", "{lun: 1}"),
            (
                "lun: 1, targetWWNs: [a], wwids: [b]",
                "api/alternatives",
                ".targetWWNs",
                "targetWWNs",
            ),
            (
                "targetWWNs: [a]",
                "api/required",
                ".lun",
                "{targetWWNs: [a]}",
            ),
            ("targetWWNs: [a], lun: 256", "api/range", ".lun", "256"),
        ],
    );
    source_accepted("fc", &["targetWWNs: [a], lun: 0", "wwids: [a]"]);
}

#[test]
fn other_sources() {
    source_refused(
        "gitRepo",
        &[
            (
                "repository: a, directory: ../b",
                "api/path",
                ".directory",
                "../b",
            ),
            ("repository: ''", "api/required", ".repository", "''"),
        ],
    );
    source_refused(
        "azureFile",
        &[(
            "secretName: a, shareName: ''",
            "api/required",
            ".shareName",
            "''",
        )],
    );
    source_refused(
        "azureDisk",
        &[
            (
                "diskName: a, diskURI: b, kind: Any",
                "api/enum",
                ".kind",
                "Any",
            ),
            (
                "diskName: a, diskURI: b, cachingMode: All",
                "api/enum",
                ".cachingMode",
                "All",
            ),
            (
                "diskName: a, diskURI: https://b, kind: Managed",
                "api/format",
                ".diskURI",
                "https://b",
            ),
        ],
    );
    source_accepted(
        "azureDisk",
        &[
            "diskName: a, diskURI: /subscriptions/b, kind: Managed, cachingMode: None",
            "diskName: a, diskURI: https://b",
        ],
    );
    source_refused(
        "awsElasticBlockStore",
        &[(
            "volumeID: a, partition: 256",
            "api/range",
            ".partition",
            "256",
        )],
    );
    source_refused(
        "gcePersistentDisk",
        &[("pdName: ''", "api/required", ".pdName", "''")],
    );
    source_refused(
        "rbd",
        &[("monitors: [], image: a", "api/required", ".monitors", "[]")],
    );
    source_refused(
        "glusterfs",
        &[("endpoints: a, path: ''", "api/required", ".path", "''")],
    );
    source_accepted("flocker", &["datasetName: a"]);
}

#[test]
fn images() {
    source_accepted("image", &["reference: Any Image, pullPolicy: Always"]);
    accepted_in(&[31, 34], POD, &[(LINE, &of("image", "pullPolicy: Now"))]);
    refused_in(
        35,
        POD,
        &[
            (
                LINE,
                &of("image", "reference: a, pullPolicy: Now"),
                "api/enum",
                &at("image.pullPolicy"),
                "Now",
            ),
            (
                LINE,
                &of("image", "pullPolicy: Never"),
                "api/required",
                &at("image.reference"),
                "{pullPolicy: Never}",
            ),
        ],
    );
}
