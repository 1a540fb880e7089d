//! What Argo CD asks of a run.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::Deserialize;

use super::announce::{ENVIRONMENT, NAMESPACES, VALUES};
use crate::finding::{did_you_mean, nearest};

/// Where the parameters of an Application are.
const PARAMETERS: &str = "ARGOCD_APP_PARAMETERS";
/// The parameters there are.
const KNOWN: &[&str] = &[ENVIRONMENT, NAMESPACES, VALUES];

/// What cannot be understood of what Argo CD asks. The Application's fault.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// A variable of the environment holds bytes that are no text.
    #[error("`{0}` is not UTF-8")]
    Bytes(String),
    /// The parameters are no JSON of the form that Argo CD gives.
    #[error("`ARGOCD_APP_PARAMETERS` is no list of parameters: {0}")]
    Parameters(String),
    /// There is no such parameter.
    #[error("there is no parameter `{name}`{}", did_you_mean(.near.as_deref()))]
    Unknown {
        /// What is asked for.
        name: String,
        /// What may be meant.
        near: Option<String>,
    },
    /// A parameter is given in another form, for example a string for a list.
    #[error("the parameter `{name}` is given as {given}, and takes {form}")]
    Form {
        /// The parameter.
        name: String,
        /// The form it is given in.
        given: &'static str,
        /// The form it takes.
        form: &'static str,
    },
    /// A parameter is there more than once.
    #[error("the parameter `{0}` is given twice")]
    Twice(String),
    /// There is no such value to override.
    #[error("there is no value `{path}` to override{}", did_you_mean(.near.as_deref()))]
    NoValue {
        /// Its path.
        path: String,
        /// What may be meant.
        near: Option<String>,
    },
    /// A value that cannot be overridden, or not by this.
    #[error("the value `{path}` cannot be overridden: {why}")]
    Value {
        /// Its path.
        path: String,
        /// Why not.
        why: String,
    },
}

/// What Argo CD asks of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The environment, where one is named.
    pub environment: Option<String>,
    /// The namespace folders; all of them where there are none.
    pub namespaces: Vec<String>,
    /// Values that replace those of the files, by their paths.
    pub values: BTreeMap<String, String>,
    /// The cluster's Kubernetes version.
    pub kubernetes: Option<String>,
}

/// A parameter as Argo CD gives it: in one of three forms.
#[derive(Debug, Deserialize)]
struct Parameter {
    #[serde(default)]
    name: String,
    string: Option<String>,
    array: Option<Vec<String>>,
    map: Option<BTreeMap<String, String>>,
}

impl Parameter {
    fn given(&self) -> &'static str {
        match self {
            Self { map: Some(_), .. } => "a map",
            Self { array: Some(_), .. } => "a list",
            _ => "a string",
        }
    }
}

/// Returns the Application's name, which whatever goes wrong is told with: also that nothing else can be read.
pub fn application(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let name = variable("ARGOCD_APP_NAME").filter(|name| !name.is_empty())?;
    Some(name.to_string_lossy().into_owned())
}

impl Request {
    /// Reads what is asked from variables: those that Argo CD sets, `ARGOCD_APP_PARAMETERS`, and
    /// `ARGOCD_ENV_ENVIRONMENT` and `ARGOCD_ENV_NAMESPACES` (with commas), which stand for parameters that are not
    /// given.
    ///
    /// # Errors
    ///
    /// Where there is a parameter that Tympan does not know, or one in another form.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, PluginError> {
        let variable = |name: &str| {
            let given = variable(name).filter(|text| !text.is_empty());
            // What cannot be read is not what is not there: less would be asked for than is.
            let text = given.map(OsString::into_string).transpose();
            text.map_err(|_bytes| PluginError::Bytes(name.to_owned()))
        };
        let mut request = Self {
            kubernetes: variable("KUBE_VERSION")?,
            ..Self::default()
        };
        for parameter in parameters(variable(PARAMETERS)?.as_deref())? {
            request.take(parameter)?;
        }
        if request.environment.is_none() {
            request.environment = variable("ARGOCD_ENV_ENVIRONMENT")?;
        }
        if request.namespaces.is_empty()
            && let Some(names) = variable("ARGOCD_ENV_NAMESPACES")?
        {
            let names = names.split(',').map(str::trim);
            request.namespaces = names
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect();
        }
        Ok(request)
    }

    fn take(&mut self, parameter: Parameter) -> Result<(), PluginError> {
        let given = parameter.given();
        let Parameter {
            name,
            string,
            array,
            map,
        } = parameter;
        let form = |form| PluginError::Form {
            name: name.clone(),
            given,
            form,
        };
        // Nothing at all is what Argo CD's page sends of a field that was emptied.
        match name.as_str() {
            ENVIRONMENT if array.is_none() && map.is_none() => {
                self.environment = string.filter(|text| !text.is_empty());
            }
            NAMESPACES if string.is_none() && map.is_none() => {
                self.namespaces = array.unwrap_or_default();
            }
            VALUES if string.is_none() && array.is_none() => {
                self.values = map.unwrap_or_default();
            }
            ENVIRONMENT => return Err(form("a string")),
            NAMESPACES => return Err(form("a list")),
            VALUES => return Err(form("a map")),
            _ => {
                let near = nearest(&name, KNOWN.iter().copied()).map(str::to_owned);
                return Err(PluginError::Unknown { name, near });
            }
        }
        Ok(())
    }
}

/// Reads the parameters: none, `null` where an Application names the plugin and nothing else, or a list.
fn parameters(text: Option<&str>) -> Result<Vec<Parameter>, PluginError> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let read: Option<Vec<Parameter>> = serde_json::from_str(text).map_err(|error| {
        // Without the text itself, which may hold anything.
        let kind = if error.is_data() {
            "it has another form"
        } else {
            "it is not JSON"
        };
        PluginError::Parameters(kind.to_owned())
    })?;
    let parameters = read.unwrap_or_default();
    for (at, one) in parameters.iter().enumerate() {
        if parameters
            .iter()
            .take(at)
            .any(|other| other.name == one.name)
        {
            return Err(PluginError::Twice(one.name.clone()));
        }
    }
    Ok(parameters)
}
