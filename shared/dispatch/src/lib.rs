//! Handing work to another function: asynchronous invocation through AWS Lambda. The only crate that names its SDK.

use aws_sdk_lambda::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::InvocationType,
};
use serde::Serialize;

/// Why the work was not handed over; nobody will do it.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The event is not representable in JSON.
    #[error("the event is not representable in JSON")]
    Event(#[from] serde_json::Error),
    /// Lambda did not answer, or refused.
    #[error("invoking {function} did not work: {cause}")]
    Call {
        /// The function that was to be invoked.
        function: String,
        /// Lambda's error code, or what kept the call from being answered.
        cause: String,
    },
    /// Lambda answered, but not that it took the event.
    #[error("invoking {function} was answered with {status} instead of 202")]
    NotTaken {
        /// The function that was to be invoked.
        function: String,
        /// The HTTP status.
        status: i32,
    },
}

/// Hands events to functions.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    client: Client,
}

impl Dispatcher {
    /// Uses this region, these credentials and this endpoint.
    pub fn new(config: &aws_types::SdkConfig) -> Self {
        Self { client: Client::new(config) }
    }

    /// Has the function (a name or ARN) run with this event, at most 1 MB of JSON, some time soon.
    ///
    /// `Ok` says that Lambda has taken the event (202) and will try it up to three times before it goes to the
    /// function's failure destination, not that the function has run. It may run twice for one event.
    pub async fn invoke_later(&self, function_name: &str, event: &impl Serialize) -> Result<(), DispatchError> {
        let payload = Blob::new(serde_json::to_vec(event)?);
        let answer = self
            .client
            .invoke()
            .function_name(function_name)
            .invocation_type(InvocationType::Event)
            .payload(payload)
            .send()
            .await
            .map_err(|error| DispatchError::Call { function: function_name.to_owned(), cause: words(&error) })?;
        match answer.status_code() {
            202 => Ok(()),
            status => Err(DispatchError::NotTaken { function: function_name.to_owned(), status }),
        }
    }
}

/// The error's code, or the words of all its causes; never the answer's body.
fn words<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    error.code().map_or_else(
        || {
            std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(": ")
        },
        ToOwned::to_owned,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn an_event_is_sent_whole_and_not_waited_for() {
        let server = kith_loopback::Server::answering(202, "");
        Dispatcher::new(&server.config()).invoke_later("kith-deliver-mail", &json!({"task": "tsk_1"})).await.unwrap();
        let request = server.request();
        assert!(
            request.head.starts_with("POST /2015-03-31/functions/kith-deliver-mail/invocations "),
            "{}",
            request.head
        );
        assert!(request.head.to_ascii_lowercase().contains("x-amz-invocation-type: event\r\n"), "{}", request.head);
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&request.body).unwrap(), json!({"task": "tsk_1"}));
    }

    #[tokio::test]
    async fn only_202_says_that_the_event_was_taken() {
        let server = kith_loopback::Server::answering(200, "");
        let error = Dispatcher::new(&server.config()).invoke_later("f", &json!({})).await.unwrap_err();
        assert!(matches!(error, DispatchError::NotTaken { status: 200, .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_refusal_names_function_and_code() {
        let server = kith_loopback::Server::answering(403, r#"{"__type":"AccessDeniedException","Message":"no"}"#);
        let error = Dispatcher::new(&server.config()).invoke_later("f", &json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "invoking f did not work: AccessDeniedException");
    }

    #[tokio::test]
    async fn nobody_listening_is_an_error_with_a_cause() {
        let server = kith_loopback::Server::answering(202, "");
        let config = server.config();
        // Takes the one answer that the server has, after which the port is closed.
        Dispatcher::new(&config).invoke_later("f", &json!({})).await.unwrap();
        drop(server.request());
        let error = Dispatcher::new(&config).invoke_later("f", &json!({})).await.unwrap_err();
        assert!(error.to_string().starts_with("invoking f did not work: dispatch failure: "), "{error}");
    }

    #[tokio::test]
    async fn an_event_that_is_no_json_is_not_sent() {
        let event = std::collections::BTreeMap::from([((1, 2), 3)]);
        let config = kith_loopback::Server::answering(202, "").config();
        assert!(matches!(Dispatcher::new(&config).invoke_later("f", &event).await, Err(DispatchError::Event(_))));
    }
}
