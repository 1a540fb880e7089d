//! A large made-up project.
//!
//! Each application is one template of eight objects that uses shared macros and values of its own; 25 applications
//! are a namespace; the environments are `dev` and `prod`.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench writes the project it measures"
)]

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

const SHARED: &str = "\
{% macro labels(name) %}
app.kubernetes.io/name: {{ name }}
app.kubernetes.io/instance: {{ name }}
app.kubernetes.io/part-of: {{ namespace }}
{% endmacro %}
{% macro hardened() %}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{% endmacro %}
";

const TEMPLATE: &str = r#"{% from "_shared.yaml" import labels, hardened %}
{% set app = values.apps["NAME"] %}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels:
    {{ labels("NAME") | indent(4) }}
spec:
  replicas: {{ app.replicas }}
  selector:
    matchLabels: {app.kubernetes.io/name: NAME}
  template:
    metadata:
      labels:
        {{ labels("NAME") | indent(8) }}
    spec:
      serviceAccountName: NAME
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: main
        image: {{ values.registry }}/NAME:{{ app.tag }}
        args: ["--listen=:{{ app.port }}", "--log-level={{ values.logLevel }}"]
        ports:
        - name: http
          containerPort: {{ app.port }}
        env:
        {% for name, value in app.env | items %}
        - name: {{ name }}
          value: {{ value | string }}
        {% endfor %}
        resources: {{ values.resources }}
        securityContext:
          {{ hardened() | indent(10) }}
        livenessProbe: {httpGet: {path: /healthz, port: http}}
---
apiVersion: v1
kind: Service
metadata:
  name: NAME
  labels:
    {{ labels("NAME") | indent(4) }}
spec:
  selector: {app.kubernetes.io/name: NAME}
  ports:
  - {name: http, port: 80, targetPort: http}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: NAME}
data:
  LOG_LEVEL: {{ values.logLevel }}
  application.yaml: |
    server:
      port: {{ app.port }}
    app:
      name: NAME
      environment: {{ environment }}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: NAME}
automountServiceAccountToken: false
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: NAME}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: NAME}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}
    ports: [{protocol: TCP, port: http}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: NAME}
spec:
  ingressClassName: nginx
  rules:
  - host: NAME.{{ values.domain }}
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: NAME, port: {name: http}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: NAME}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: NAME}
  minReplicas: {{ app.replicas }}
  maxReplicas: {{ app.replicas * 3 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: NAME}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app.kubernetes.io/name: NAME}}
"#;

/// Writes a project of so many applications.
pub(crate) fn write(root: &Path, applications: usize) -> io::Result<()> {
    let mut apps = String::from(
        "registry: registry.example.com\nlogLevel: info\nresources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}\napps:\n",
    );
    fs::create_dir_all(root.join("values"))?;
    fs::create_dir_all(root.join("templates"))?;
    fs::write(root.join("tympan.yaml"), "{}\n")?;
    fs::write(root.join("templates/_shared.yaml"), SHARED)?;
    for number in 0..applications {
        let name = format!("app-{number:05}");
        let folder = root.join(format!("templates/team-{:03}", number / 25));
        fs::create_dir_all(&folder)?;
        fs::write(
            folder.join(format!("{name}.yaml")),
            TEMPLATE.replace("NAME", &name),
        )?;
        let line = format!(
            "  {name}: {{replicas: {}, port: 8080, tag: \"1.{}.{}\", env: {{REGION: francecentral, FEATURE: \"yes\", SHARD: {number}}}}}",
            1 + number % 3,
            number % 40,
            number % 7,
        );
        let _ = writeln!(apps, "{line}");
    }
    fs::write(root.join("values/common.yaml"), apps)?;
    fs::write(root.join("values/dev.yaml"), "domain: dev.example.com\n")?;
    fs::write(
        root.join("values/prod.yaml"),
        "domain: example.com\nlogLevel: warn\n",
    )
}
