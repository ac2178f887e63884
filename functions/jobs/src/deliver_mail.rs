//! `deliver-mail`: does a task that is a mail.
//!
//! A link's secret is made here, its hash goes to the record before the mail goes out, and the task is deleted after.
//! Whoever runs the same task meanwhile finds it taken. A crash between the mail service's acceptance and the deletion
//! lets Lambda's retry send a twin; no mail is ever lost.

use crate::letters::letter;
use kith_domain::Worker;
use kith_http::{Delivery, Function, JobCx, JobError, Setting};
use kith_mail::{MailError, Mailer, Message, Sender};
use kith_store::StoreError;
use serde::Serialize;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl, Setting::MailFrom];
    Function::job("deliver-mail", NEEDS, deliver_mail)
}

/// What became of the task.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Delivered {
    /// The mail service has it.
    Sent,
    /// There is nobody to write to any more.
    Nothing,
    /// It is done, or somebody else does it.
    NotOurs,
}

async fn deliver_mail(cx: JobCx, delivery: Delivery) -> Result<Delivered, JobError> {
    let store = cx.store()?;
    let task = match store.take_task(delivery.task, Worker::DeliverMail).await {
        Err(StoreError::NotFound) => return Ok(Delivered::NotOurs),
        taken => taken?,
    };
    let sent = match letter(&cx, task, delivery.time).await? {
        Some(message) => send(&cx, &message, &delivery).await?,
        None => Delivered::Nothing,
    };
    store.finish_task(delivery.task, Worker::DeliverMail).await?;
    Ok(sent)
}

async fn send(cx: &JobCx, message: &Message, delivery: &Delivery) -> Result<Delivered, JobError> {
    let from = Sender::parse(cx.settings().get(Setting::MailFrom)?).map_err(|error| JobError(error.to_string()))?;
    match Mailer::new(cx.aws(), from).send(message, delivery.time, delivery.task).await {
        Ok(()) => Ok(Delivered::Sent),
        // The mail service will never take this one; trying again would only keep it here.
        Err(MailError::Refused { code }) => {
            tracing::error!(name = "deliver-mail", code, "mail refused");
            Ok(Delivered::Nothing)
        }
        Err(error) => Err(JobError(error.to_string())),
    }
}
