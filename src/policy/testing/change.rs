//! Changes of a test's object: fields to set, by their paths.

use serde_json::{Map, Value};

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Sets a field of an object; `null` removes it. Maps on the way are made where they are missing, and the index after the
/// last adds an item.
///
/// A path is written as findings tell it: `spec.containers[0].image`, `metadata.labels[app.kubernetes.io/name]`.
pub(super) fn set(object: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let steps = steps(path)?;
    let Some((last, way)) = steps.split_last() else {
        return Err("a path must not be empty".to_owned());
    };
    let mut at = object;
    for step in way {
        at = enter(at, step).ok_or_else(|| misfit(path, step))?;
    }
    if value.is_null() {
        return remove(at, last).ok_or_else(|| misfit(path, last));
    }
    *enter(at, last).ok_or_else(|| misfit(path, last))? = value;
    Ok(())
}

fn misfit(path: &str, step: &Step) -> String {
    let step = match step {
        Step::Key(key) => format!("`{key}` is no key of a map there"),
        Step::Index(index) => format!("`{index}` is no place in a list there"),
    };
    format!("`{path}` does not fit the object: {step}")
}

fn enter<'v>(at: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match step {
        Step::Key(key) => {
            if at.is_null() {
                *at = Value::Object(Map::new());
            }
            Some(at.as_object_mut()?.entry(key).or_insert(Value::Null))
        }
        Step::Index(index) => {
            if at.is_null() {
                *at = Value::Array(Vec::new());
            }
            let items = at.as_array_mut()?;
            if *index == items.len() {
                items.push(Value::Null);
            }
            items.get_mut(*index)
        }
    }
}

fn remove(at: &mut Value, step: &Step) -> Option<()> {
    match step {
        Step::Key(key) => {
            // What is not there need not be removed.
            if !at.is_null() {
                at.as_object_mut()?.shift_remove(key);
            }
        }
        Step::Index(index) => {
            let items = at.as_array_mut()?;
            if *index >= items.len() {
                return None;
            }
            items.remove(*index);
        }
    }
    Some(())
}

fn steps(path: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (inside, after) = inner
                .split_once(']')
                .ok_or_else(|| format!("`{path}` has a `[` without its `]`"))?;
            steps.push(match inside.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => Step::Key(inside.to_owned()),
            });
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if key.is_empty() {
            return Err(format!("`{path}` has a dot too many"));
        }
        steps.push(Step::Key(key.to_owned()));
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_set_made_and_removed() {
        for (path, value, expected) in [
            ("a", json!(1), json!({"a": 1, "l": [{"n": "x"}]})),
            (
                "b.c",
                json!(true),
                json!({"a": 0, "l": [{"n": "x"}], "b": {"c": true}}),
            ),
            ("l[0].n", json!("y"), json!({"a": 0, "l": [{"n": "y"}]})),
            ("l[1]", json!("y"), json!({"a": 0, "l": [{"n": "x"}, "y"]})),
            ("l[0]", Value::Null, json!({"a": 0, "l": []})),
            (
                "m[a.b/c]",
                json!("v"),
                json!({"a": 0, "l": [{"n": "x"}], "m": {"a.b/c": "v"}}),
            ),
            ("a", Value::Null, json!({"l": [{"n": "x"}]})),
            (
                "none.such",
                Value::Null,
                json!({"a": 0, "l": [{"n": "x"}], "none": null}),
            ),
        ] {
            let mut object = json!({"a": 0, "l": [{"n": "x"}]});
            set(&mut object, path, value).unwrap();
            assert_eq!(object, expected, "{path}");
        }
    }

    #[test]
    fn paths_that_do_not_fit_are_told() {
        for (path, message) in [
            (
                "a.b",
                "`a.b` does not fit the object: `b` is no key of a map there",
            ),
            (
                "l[3]",
                "`l[3]` does not fit the object: `3` is no place in a list there",
            ),
            ("l[", "`l[` has a `[` without its `]`"),
            ("a..b", "`a..b` has a dot too many"),
            ("", "a path must not be empty"),
        ] {
            let mut object = json!({"a": 0, "l": []});
            assert_eq!(set(&mut object, path, json!(1)).unwrap_err(), message);
        }
    }
}
