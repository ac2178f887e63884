//! Lambda: the asynchronous `Invoke`, handed on to whoever runs the functions.

use http::request::Parts;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ledger::Call;
use super::policy::Need;
use super::reply::{Answer, Refusal};
use super::{Plan, Planned};

/// Largest payload of an asynchronous invocation: 1 MiB.
const LARGEST_PAYLOAD: usize = 1024 * 1024;

/// A function to be invoked; nobody waits for its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct AsyncInvoke {
    /// Name of the function, without ARN and qualifier.
    pub function_name: String,
    /// The event. An empty payload is an empty object.
    pub payload: Value,
    /// The id of the invocation that is to come.
    pub request_id: String,
}

/// The function named in the path `/2015-03-31/functions/{name or ARN}/invocations`, if it is one.
pub(super) fn function_in(path: &str) -> Option<String> {
    let encoded = path.strip_prefix("/2015-03-31/functions/")?.strip_suffix("/invocations")?;
    // A `+` in a path is itself; only in forms it means a space. Function names have none.
    let (name, _) = form_urlencoded::parse(encoded.as_bytes()).next()?;
    let name = name.split_once(":function:").map_or(name.as_ref(), |(_, name)| name);
    Some(name.split(':').next().unwrap_or(name).to_owned())
}

/// Reads an invocation. `function_arn` is the ARN prefix of the account's functions, up to the name.
pub(super) fn plan(head: &Parts, body: &[u8], function: String, function_arn: &str) -> Planned {
    let kind =
        head.headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok()).unwrap_or("RequestResponse");
    if kind != "Event" {
        let message =
            format!("InvocationType {kind} is not supported by the local runner: invoke functions with Event");
        return Err(Refusal::new("InvalidParameterValueException", message).into());
    }
    if body.len() > LARGEST_PAYLOAD {
        return Err(Refusal::new("RequestTooLargeException", "the payload is larger than 1 MiB")
            .with_status(413)
            .into());
    }
    let payload = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body)
            .map_err(|error| Refusal::new("InvalidRequestContentException", error.to_string()))?
    };
    let resources = vec![format!("{function_arn}{function}")];
    let need = Need { action: "lambda:InvokeFunction".into(), resources, keys: Vec::new() };
    let invoke = AsyncInvoke { function_name: function, payload, request_id: Uuid::new_v4().to_string() };
    Ok((Plan::Invoke(invoke), vec![need], Call::default()))
}

/// Hands the invocation on.
pub(super) fn perform(
    invoke: AsyncInvoke,
    queue: &tokio::sync::mpsc::UnboundedSender<AsyncInvoke>,
) -> Result<Answer, Refusal> {
    queue
        .send(invoke)
        .map_err(|_| Refusal::new("ServiceException", "the runner takes no invocations any more").with_status(500))?;
    Ok(Answer { status: 202, body: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_by_name_or_arn() {
        for named in [
            "deliver-mail",
            "arn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction%3Adeliver-mail",
            "deliver-mail%3Alive",
            "arn:aws:lambda:eu-central-1:000000000000:function:deliver-mail:live",
        ] {
            let path = format!("/2015-03-31/functions/{named}/invocations");
            assert_eq!(function_in(&path).as_deref(), Some("deliver-mail"), "{named}");
        }
        assert_eq!(function_in("/"), None);
    }
}
