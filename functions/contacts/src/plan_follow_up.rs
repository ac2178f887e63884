//! `PUT /v1/contacts/{contact_id}/follow-up`: plans to meet somebody again.

use crate::follow_up_view::FollowUpView;
use kith_domain::{ContactId, FollowUp, FollowUpPlan, Person};
use kith_http::{
    Cx, Fault, Function, IfMatch, IfMatchHeader, Json, Myself, Path, Problem, Result, Router, Setting, Tagged,
};
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("plan-follow-up", NEEDS, || Router::default().routes(routes!(plan_follow_up)))
}

/// Plan a follow-up
///
/// Mails remind you the day before and that morning, or once when you say; where that is over, an hour before or at
/// once. A card has one follow-up at most: another one that was planned is given up. Planned again for the same time it
/// is reminded of no second time.
#[utoipa::path(
    put, path = "/v1/contacts/{contact_id}/follow-up", operation_id = "plan-follow-up", tag = "contacts",
    security(("bearer" = [])), request_body = FollowUpPlan, extensions(("x-kith-who" = json!("own"))),
    params(IfMatchHeader, ("contact_id" = ContactId, Path)),
    responses((status = 200, description = "What is planned; the tag is the card's", body = FollowUpView, headers(("ETag"))))
)]
pub async fn plan_follow_up(
    cx: Cx,
    who: Myself,
    Path(id): Path<ContactId>,
    IfMatch(rev): IfMatch,
    Json(plan): Json<FollowUpPlan>,
) -> Result<Tagged<FollowUpView>> {
    let Person { user, profile } = who.person;
    let contact = cx.store.contact(user.id, id).await?;
    let follow_up = FollowUp::new(&plan, &profile.preferences.time_zone, cx.now)
        .map_err(|invalid| Problem::invalid(vec![Fault::new("/at", invalid.to_string())]))?;
    let contact = cx.store.plan_follow_up(contact, rev, &follow_up, cx.now).await?;
    Ok(Tagged { rev: contact.rev, view: contact.follow_up.unwrap_or(follow_up).into() })
}
