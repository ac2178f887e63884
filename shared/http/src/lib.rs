//! What every function shares at its edge: [`serve`], extractors, authentication, problem answers, entity tags, cursors,
//! idempotency, rate limits, the request log.
//!
//! A function is a [`Function`]: one route or one job. Its binary hands it to [`serve`]; the local runner starts the
//! same thing with [`Function::start`]. Nothing here is process-global, so that many functions live in one process.

mod answer;
mod app;
mod audit_view;
mod auth;
mod body;
mod cache;
mod connections;
mod contract;
mod cx;
mod edge;
mod email_change_view;
mod email_undo;
mod expected;
mod faults;
mod file_body;
mod function;
mod idempotency;
mod job;
mod json_or_form;
mod limit;
mod log;
mod mail_link;
mod note_keys;
mod page;
mod path;
mod photo_view;
mod press;
mod problem;
mod problem_from;
mod repeat_key;
mod serve;
mod settings;
mod signing;
mod tag;
mod time;

pub use answer::{Accepted, Created, File, Html, NoContent, ProblemPage, Public, Secret};
pub use app::App;
pub use audit_view::AuditView;
pub use auth::{Admin, Anybody, Caller, Member, Myself};
pub use body::{Form, Json};
pub use cx::{Arrived, Client, Cx};
pub use email_change_view::EmailChangeView;
pub use email_undo::{UndoLink, email_undo_record};
pub use file_body::FileBody;
pub use function::{Function, Instance, InvokeError, Kind, StartError};
pub use idempotency::{Once, OnceHeader};
pub use job::{Delivery, JobCx, JobError, Scheduled, StreamBatch, StreamFailure, StreamFailures};
pub use json_or_form::JsonOrForm;
pub use limit::{
    CONFIRMING_MAILS, CONFIRMING_MAILS_FROM, EMAIL_CHANGES, INVITATION_MAILS, INVITATIONS, LOGIN, LOGIN_ACCOUNT,
    LOGIN_NETWORK, Limit, MAIL_REQUESTS, NOTES_OPENED, NOTES_SEALED, PASSWORD_CHECKS, REGISTRATIONS, RESET_MAILS,
    UPLOADS,
};
pub use log::log_to_stdout;
pub use mail_link::{ConfirmationLink, Newcomer, UserLink, check_password, email_change_record, new_cursor_key};
pub use page::{Page, PageParams, PageQuery};
pub use path::{Path, QueryParams};
pub use photo_view::{PhotoView, PictureView};
pub use press::Press;
pub use problem::{Fault, Problem, ProblemBody};
pub use repeat_key::{RepeatHeader, RepeatKey};
pub use serve::serve;
pub use settings::{Setting, Settings};
pub use signing::Signer;
pub use tag::{IfMatch, IfMatchHeader, Tagged};
pub use time::Time;

/// What a handler gives: an answer or a problem.
pub type Result<T> = std::result::Result<T, Problem>;

/// The description of one route, from [`utoipa_axum`].
pub type Router = utoipa_axum::router::OpenApiRouter<App>;
