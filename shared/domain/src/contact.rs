//! Contacts: the calling cards of the people one met.

use crate::given::{given_or_null, object_or_null};
use crate::{
    CardName, CompanyName, ContactId, Email, EventName, FollowUp, IntroducerName, Invalid, PartialDate, PhoneNumber,
    Photo, PlaceName, Position, SocialMedia, Spark, Tags, Task, UserId,
};
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::millisecond;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A calling card. Only its owner knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// The card's id.
    pub id: ContactId,
    /// Whose it is.
    pub owner: UserId,
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<CardName>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<CardName>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<CompanyName>,
    /// What the person does there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Profiles elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub social_media: Option<SocialMedia>,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneNumber>,
    /// The event at which one met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventName>,
    /// The place where one met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceName>,
    /// When one met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met_at: Option<PartialDate>,
    /// What one bonded over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spark: Option<Spark>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// Who introduced the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced_by: Option<Introducer>,
    /// What is planned with the person. Planned, cancelled and reminded of apart from all else on the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<FollowUp>,
    /// What the person looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Photo>,
    /// When the card was made.
    #[serde(with = "millisecond::required")]
    pub created_at: Timestamp,
    /// When the card was last changed.
    #[serde(with = "millisecond::required")]
    pub updated_at: Timestamp,
    /// Goes up by one with every change.
    pub rev: u64,
}

/// Who introduced somebody: another card of the same owner, or just a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "WrittenIntroducer", deny_unknown_fields)]
pub struct Introducer {
    /// The introducer's card, one of your own. It may have been deleted since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<ContactId>,
    /// The name; with a `contact_id` the one on that card when this was written, whatever is sent here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<IntroducerName>,
}

/// An introducer as written, which may say nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenIntroducer {
    contact_id: Option<ContactId>,
    name: Option<IntroducerName>,
}

impl TryFrom<WrittenIntroducer> for Introducer {
    type Error = Invalid;

    fn try_from(WrittenIntroducer { contact_id, name }: WrittenIntroducer) -> Result<Self, Invalid> {
        let says_something = contact_id.is_some() || name.is_some();
        if says_something { Ok(Self { contact_id, name }) } else { Err(Invalid("must have a contact_id or a name")) }
    }
}

/// What is written on a card: only what is given changes, and null removes a field.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactFields {
    /// First name.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<CardName>)]
    pub first_name: Option<Option<CardName>>,
    /// Last name.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<CardName>)]
    pub last_name: Option<Option<CardName>>,
    /// E-mail address.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<Email>)]
    pub email: Option<Option<Email>>,
    /// Company.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<CompanyName>)]
    pub company: Option<Option<CompanyName>>,
    /// What the person does there.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<Position>)]
    pub position: Option<Option<Position>>,
    /// Profiles elsewhere.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<SocialMedia>)]
    pub social_media: Option<Option<SocialMedia>>,
    /// Phone number.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<PhoneNumber>)]
    pub phone: Option<Option<PhoneNumber>>,
    /// The event at which you met.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<EventName>)]
    pub event: Option<Option<EventName>>,
    /// The place where you met.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<PlaceName>)]
    pub place: Option<Option<PlaceName>>,
    /// When you met, as exactly as you know.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<PartialDate>)]
    pub met_at: Option<Option<PartialDate>>,
    /// What you bonded over.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<Spark>)]
    pub spark: Option<Option<Spark>>,
    /// All tags.
    #[serde(default, deserialize_with = "given_or_null")]
    #[schema(value_type = Option<Tags>)]
    pub tags: Option<Option<Tags>>,
    /// Who introduced you: a card of yours, or a name.
    #[serde(default, deserialize_with = "object_or_null")]
    #[schema(value_type = Option<Introducer>)]
    pub introduced_by: Option<Option<Introducer>>,
}

/// A card would say of nobody whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("needs one of `first_name`, `last_name`, `company`")]
pub struct Nameless;

/// What is written on a new card. It says of whom.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "ContactFields")]
pub struct NewContact(pub ContactFields);

impl TryFrom<ContactFields> for NewContact {
    type Error = Nameless;

    fn try_from(fields: ContactFields) -> Result<Self, Nameless> {
        let ContactFields { first_name, last_name, company, .. } = &fields;
        let has_name = matches!(first_name, Some(Some(_))) || matches!(last_name, Some(Some(_)));
        if has_name || matches!(company, Some(Some(_))) { Ok(Self(fields)) } else { Err(Nameless) }
    }
}

/// The same as of the fields: which of them must be there is no rule for one alone.
impl utoipa::PartialSchema for NewContact {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ContactFields::schema()
    }
}

impl ToSchema for NewContact {
    fn name() -> std::borrow::Cow<'static, str> {
        ContactFields::name()
    }
}

impl Contact {
    /// A new card.
    pub fn new(id: ContactId, owner: UserId, fields: NewContact, now: Timestamp) -> Self {
        let mut contact = Self {
            id,
            owner,
            first_name: None,
            last_name: None,
            email: None,
            company: None,
            position: None,
            social_media: None,
            phone: None,
            event: None,
            place: None,
            met_at: None,
            spark: None,
            tags: Tags::default(),
            introduced_by: None,
            follow_up: None,
            photo: None,
            created_at: now,
            updated_at: now,
            rev: 1,
        };
        contact.write(fields.0);
        contact
    }

    /// Takes over what is given and nothing else; a card that would say of nobody whose it is stays as it is.
    pub fn apply(&mut self, fields: ContactFields, now: Timestamp) -> Result<(), Nameless> {
        let mut changed = self.clone();
        changed.write(fields);
        if changed.first_name.is_none() && changed.last_name.is_none() && changed.company.is_none() {
            return Err(Nameless);
        }
        changed.touch(now);
        *self = changed;
        Ok(())
    }

    /// Puts another photo, or none, in the place of the one on the card; the task given back removes what was there.
    pub fn change_photo(&mut self, photo: Option<Photo>, now: Timestamp) -> Option<Task> {
        let before = std::mem::replace(&mut self.photo, photo);
        self.touch(now);
        before.map(|photo| photo.removal(now))
    }

    fn write(&mut self, fields: ContactFields) {
        fn take<T>(field: &mut T, given: Option<T>) {
            if let Some(value) = given {
                *field = value;
            }
        }
        take(&mut self.first_name, fields.first_name);
        take(&mut self.last_name, fields.last_name);
        take(&mut self.email, fields.email);
        take(&mut self.company, fields.company);
        take(&mut self.position, fields.position);
        take(&mut self.social_media, fields.social_media);
        take(&mut self.phone, fields.phone);
        take(&mut self.event, fields.event);
        take(&mut self.place, fields.place);
        take(&mut self.met_at, fields.met_at);
        take(&mut self.spark, fields.spark);
        take(&mut self.tags, fields.tags.map(Option::unwrap_or_default));
        take(&mut self.introduced_by, fields.introduced_by);
    }

    /// One more change, at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.rev += 1;
    }

    /// How to call the person: first and last name, or else the company.
    pub fn title(&self) -> String {
        let names = [&self.first_name, &self.last_name].map(|name| name.as_ref().map(CardName::as_str));
        title(names, self.company.as_ref().map(CompanyName::as_str))
    }

    /// This card as who introduced the person on another.
    pub fn as_introducer(&self) -> Introducer {
        Introducer { contact_id: Some(self.id), name: IntroducerName::parse(&self.title()).ok() }
    }
}

/// How to call a person of whom this is known.
fn title(names: [Option<&str>; 2], company: Option<&str>) -> String {
    let names: Vec<&str> = names.into_iter().flatten().collect();
    match company {
        Some(company) if names.is_empty() => company.to_owned(),
        _ => names.join(" "),
    }
}

/// How much of a spark a reminder shows.
const SPARK_SHOWN: usize = 300;

/// What a reminder says of a card. The function that mails it knows no more of cards, which keeps it small.
#[derive(Debug, Clone, Deserialize)]
pub struct Planned {
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Profiles elsewhere.
    pub social_media: Option<String>,
    spark: Option<String>,
    /// What is planned with the person.
    pub follow_up: Option<FollowUp>,
}

impl Planned {
    /// The beginning of what one bonded over: at most 300 characters.
    pub fn spark(&self) -> Option<String> {
        let spark = self.spark.as_deref()?;
        if spark.chars().count() <= SPARK_SHOWN {
            return Some(spark.to_owned());
        }
        let beginning: String = spark.chars().take(SPARK_SHOWN - 1).collect();
        Some(format!("{}…", beginning.trim_end()))
    }

    /// How to call the person, as on the card.
    pub fn title(&self) -> String {
        title([self.first_name.as_deref(), self.last_name.as_deref()], self.company.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn fields(json: Value) -> ContactFields {
        serde_json::from_value(json).unwrap()
    }

    fn card(json: Value) -> Contact {
        let now = Timestamp::UNIX_EPOCH;
        Contact::new(ContactId::new(now), UserId::new(now), serde_json::from_value(json).unwrap(), now)
    }

    #[test]
    fn a03_a_card_says_of_whom_it_is() {
        for nobody in [json!({}), json!({"email": "a@example.org", "first_name": null}), json!({"tags": ["x"]})] {
            assert!(serde_json::from_value::<NewContact>(nobody).is_err());
        }
        for somebody in [json!({"first_name": "A"}), json!({"last_name": "B"}), json!({"company": "C"})] {
            assert!(serde_json::from_value::<NewContact>(somebody).is_ok());
        }
    }

    #[test]
    fn a09_only_what_is_given_changes_and_null_removes() {
        let mut contact = card(json!({"first_name": "Ada", "company": "Acme", "tags": ["x"], "met_at": "2020"}));
        let before = contact.clone();
        let later = Timestamp::from_second(5).unwrap();
        contact.apply(fields(json!({"company": null, "phone": "1"})), later).unwrap();
        let expected = Contact {
            company: None,
            phone: Some(PhoneNumber::parse("1").unwrap()),
            updated_at: later,
            rev: before.rev + 1,
            ..before
        };
        assert_eq!(contact, expected);
        contact.apply(fields(json!({"tags": null})), later).unwrap();
        assert!(contact.tags.is_empty());
    }

    #[test]
    fn a09_a_change_that_would_leave_no_name_changes_nothing() {
        let mut contact = card(json!({"first_name": "Ada", "phone": "1"}));
        let before = contact.clone();
        let nameless = fields(json!({"first_name": null, "phone": "2"}));
        assert_eq!(contact.apply(nameless, Timestamp::from_second(5).unwrap()), Err(Nameless));
        assert_eq!(contact, before);
        contact.apply(fields(json!({"first_name": null, "company": "Acme"})), Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn somebody_is_called_by_name_or_else_by_company() {
        assert_eq!(
            card(json!({"first_name": "Ada", "last_name": "Lovelace", "company": "Acme"})).title(),
            "Ada Lovelace"
        );
        assert_eq!(card(json!({"last_name": "Lovelace"})).title(), "Lovelace");
        assert_eq!(card(json!({"company": "Acme"})).title(), "Acme");
        // The longest name there can be is not too long for an introducer's.
        let longest = card(json!({"first_name": "a".repeat(60), "last_name": "b".repeat(60)}));
        assert!(longest.as_introducer().name.is_some());
    }

    #[test]
    fn an_introducer_is_a_card_or_a_name() {
        let read = |json: Value| serde_json::from_value::<Introducer>(json);
        assert!(read(json!({"name": "Grace"})).is_ok());
        assert!(read(json!({"contact_id": ContactId::new(Timestamp::UNIX_EPOCH)})).is_ok());
        for bad in [json!({}), json!({"name": null}), json!({"contact_id": "con_1"}), json!({"id": "x", "name": "y"})] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
