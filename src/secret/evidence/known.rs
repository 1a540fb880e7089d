//! Passwords that everybody knows: those that programs are shipped with, and those that are tried first.

/// What programs are shipped with, or what their manuals and charts set: the password, and the program in words.
const SHIPPED: &[(&str, &str)] = &[
    ("Admin123", "OpenMRS"),
    ("openmrs", "OpenMRS"),
    ("prom-operator", "Grafana in kube-prometheus-stack"),
    ("SW2YcwTIb9zpOOhoPsMm", "Grafana"),
    ("my-secret-pw", "MariaDB's manual"),
    ("mysecretpassword", "PostgreSQL's manual"),
    ("minioadmin", "MinIO"),
    ("minio123", "MinIO"),
    ("guest", "RabbitMQ"),
    ("changeme", "Elasticsearch"),
    ("elastic", "Elasticsearch"),
    ("foobared", "Redis"),
    ("Harbor12345", "Harbor"),
    ("keycloak", "Keycloak"),
    ("admin123", "Nexus"),
    ("neo4j", "Neo4j"),
    ("zabbix", "Zabbix"),
    ("airflow", "Airflow"),
    ("tomcat", "Tomcat"),
    ("s3cret", "Tomcat"),
    ("bitnami", "Bitnami's images"),
    ("yourStrong(!)Password", "SQL Server"),
    ("vagrant", "Vagrant"),
    ("raspberry", "Raspberry Pi OS"),
    ("cassandra", "Cassandra"),
    ("sonarqube", "SonarQube"),
];

/// What is tried first everywhere.
const COMMON: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "secret",
    "admin",
    "administrator",
    "root",
    "toor",
    "user",
    "test",
    "test123",
    "demo",
    "example",
    "postgres",
    "mysql",
    "mariadb",
    "mongo",
    "mongodb",
    "redis",
    "rabbitmq",
    "rabbit",
    "grafana",
    "prometheus",
    "kibana",
    "jenkins",
    "gitlab",
    "nexus",
    "sonar",
    "default",
    "rootpassword",
    "rootpw",
    "password1",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "qwerty",
    "letmein",
    "welcome",
    "welcome1",
    "123456",
    "1234",
    "12345",
    "12345678",
    "123456789",
    "1234567890",
    "111111",
    "abc123",
    "change-me",
    "change_me",
    "changeit",
    "supersecret",
    "topsecret",
    "super-secret",
    "pass123",
    "admin1234",
    "adminadmin",
    "hunter2",
];

/// Says whose password a value is: a program in words, or nothing in particular.
pub(super) fn known(value: &str) -> Option<&'static str> {
    let shipped = SHIPPED.iter().find(|(password, _)| *password == value);
    shipped.map(|(_, program)| *program).or_else(|| {
        let common = COMMON.iter().any(|one| value.eq_ignore_ascii_case(one));
        common.then_some("")
    })
}

/// Tells whether a password that everybody knows can be nothing else, such as the name of an object.
pub(super) fn is_distinct(value: &str) -> bool {
    const DISTINCT: &[&str] = &[
        "minioadmin",
        "minio123",
        "prom-operator",
        "mysecretpassword",
        "my-secret-pw",
        "foobared",
    ];
    DISTINCT.contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_passwords_name_their_program() {
        assert_eq!(known("Admin123"), Some("OpenMRS"));
        assert_eq!(known("PASSWORD"), Some(""));
        assert_eq!(known("admin12"), None);
        assert_eq!(known(""), None);
    }
}
