//! `GET /v1/contacts`: one's cards, all or those that one looks for.

use crate::contact_view::ContactView;
use kith_domain::{ContactFilter, ContactId, PartialDate, SearchText};
use kith_http::{
    Cx, Fault, Function, Member, Page, PageParams, PageQuery, Problem, QueryParams, Result, Router, Setting,
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

/// The function.
pub fn function() -> Function {
    const NEEDS: &[Setting] = &[Setting::TableName, Setting::PublicUrl];
    Function::route("list-contacts", NEEDS, || Router::default().routes(routes!(list_contacts)))
}

/// A card has no more.
const MAX_TAGS: usize = 20;

/// Which cards to list: those for which all that is given holds. Case and accents make no difference.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Only where each of these words is part of a name, of the company, position, event, place, e-mail address or a
    /// profile elsewhere, or of a tag; or is the phone number or a part of it, in any spelling; or is a whole word of
    /// the spark or of a memory. Punctuation makes no difference, nor do the spellings of umlauts.
    #[param(value_type = String, required = false, max_length = 200)]
    q: Option<SearchText>,
    /// Only where this is part of the company's name.
    #[param(value_type = String, required = false, max_length = 200)]
    company: Option<SearchText>,
    /// Only where this is part of the name of the event at which you met.
    #[param(value_type = String, required = false, max_length = 200)]
    event: Option<SearchText>,
    /// Only where this is part of the name of the place where you met.
    #[param(value_type = String, required = false, max_length = 200)]
    place: Option<SearchText>,
    /// Only where this is one of the tags; given several times, only where all of them are.
    #[serde(default)]
    #[param(value_type = Vec<String>, required = false, max_items = 20, style = Form, explode)]
    tag: Vec<SearchText>,
    /// Only where you may have met then or later: whoever you met in 2020, you may have met in May 2020.
    #[param(value_type = String, required = false, example = "2020-05")]
    met_from: Option<PartialDate>,
    /// Only where you may have met then or before.
    #[param(value_type = String, required = false, example = "2020")]
    met_to: Option<PartialDate>,
}

/// List your contacts
///
/// The newest card first. A search that has looked through many long texts ends its page early: as long as there is a
/// `next_cursor`, there may be more.
#[utoipa::path(
    get, path = "/v1/contacts", operation_id = "list-contacts", tag = "contacts", security(("bearer" = [])),
    extensions(("x-kith-who" = json!("own"))), params(Wanted, PageParams),
    responses((status = 200, description = "A page of contacts", body = Page<ContactView>))
)]
pub async fn list_contacts(
    cx: Cx,
    who: Member,
    QueryParams(wanted): QueryParams<Wanted>,
    query: PageQuery,
) -> Result<Page<ContactView>> {
    let filter = wanted.filter()?;
    let after = query.after::<ContactId>(&cx, &who.user)?;
    let page = cx.store.contacts(who.user.id, &filter, after, query.limit).await?;
    let last = page.next.map(|id| id.to_string());
    let views = page.contacts.into_iter().map(|contact| ContactView::of(&cx, contact)).collect::<Result<_>>()?;
    query.page(&cx, &who.user, "/v1/contacts", views, last)
}

impl Wanted {
    fn filter(self) -> Result<ContactFilter> {
        let Self { q, company, event, place, tag, met_from, met_to } = self;
        if let (Some(from), Some(to)) = (&met_from, &met_to)
            && !from.begins_by(to)
        {
            return Err(Problem::invalid(vec![Fault::new("?met_to", "must not be before met_from")]));
        }
        if tag.len() > MAX_TAGS {
            return Err(Problem::invalid(vec![Fault::new("?tag", "may be given at most 20 times")]));
        }
        // A text of white space asks for nothing, like a field of a form that was left empty.
        let [q, company, event, place] = [q, company, event, place].map(|text| text.filter(|text| !text.is_blank()));
        let tags = tag.into_iter().filter(|tag| !tag.is_blank()).collect();
        Ok(ContactFilter { q, company, event, place, tags, met_from, met_to })
    }
}
