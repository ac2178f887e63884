//! People: an admin, a moderator, members, somebody who is banned, and somebody who has not accepted an invitation.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::kith::{Caller, Kith};
use super::{LogIn, SeedError};

const AREA: &str = "accounts";
/// Everybody's.
const PASSWORD: &str = "half an hour and a coffee";
/// Invited, and never came.
const INVITED: &str = "priya@example.org";

/// Somebody with an account.
struct Person {
    email: &'static str,
    username: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    bio: &'static str,
    /// City, state, country.
    location: [&'static str; 3],
    time_zone: &'static str,
    digest: &'static str,
    report: &'static str,
    address: &'static str,
    who: &'static str,
}

/// Matches the runner's `AdminEmails`.
const ADMIN: Person = Person {
    email: "admin@example.org",
    username: "nora",
    first_name: "Nora",
    last_name: "Lindqvist",
    bio: "Runs this Kith. Ask me when something is odd.",
    location: ["Gothenburg", "Västra Götaland", "Sweden"],
    time_zone: "Europe/Stockholm",
    digest: "off",
    report: "pdf",
    address: "198.51.100.1",
    who: "admin",
};

const MODERATOR: Person = Person {
    email: "imani@example.org",
    username: "imani",
    first_name: "Imani",
    last_name: "Otieno",
    bio: "Keeps talks kind. Tea before coffee.",
    location: ["Nairobi", "Nairobi County", "Kenya"],
    time_zone: "Africa/Nairobi",
    digest: "weekly",
    report: "html",
    address: "198.51.100.2",
    who: "moderator who may ban",
};

const MATEO: Person = Person {
    email: "mateo@example.org",
    username: "mateo",
    first_name: "Mateo",
    last_name: "Fuentes",
    bio: "Builds small boats and large spreadsheets.\nAlways up for a walk along the harbour.",
    location: ["Valparaíso", "Valparaíso", "Chile"],
    time_zone: "America/Santiago",
    digest: "daily",
    report: "html",
    address: "198.51.100.3",
    who: "member",
};

const YUKI: Person = Person {
    email: "yuki@example.org",
    username: "yuki.t",
    first_name: "Yuki",
    last_name: "Tanabe",
    bio: "Night trains, snow, and the people one meets in both.",
    location: ["Sapporo", "Hokkaido", "Japan"],
    time_zone: "Asia/Tokyo",
    digest: "weekly",
    report: "off",
    address: "198.51.100.4",
    who: "member",
};

const BANNED: Person = Person {
    email: "rex@example.org",
    username: "rex",
    first_name: "Rex",
    last_name: "Hollow",
    bio: "You will hear from me. Again and again.",
    location: ["Reno", "Nevada", "United States"],
    time_zone: "America/Los_Angeles",
    digest: "off",
    report: "off",
    address: "198.51.100.5",
    who: "banned: is refused",
};

/// Who is there, for the areas that follow.
pub(super) struct People {
    /// How each gets in.
    pub(super) log_ins: Vec<LogIn>,
    /// A member who builds boats.
    pub(super) mateo: Caller,
    /// A member who rides night trains.
    pub(super) yuki: Caller,
}

/// Makes what is missing.
pub(super) async fn fill(kith: &mut Kith<'_>) -> Result<People, SeedError> {
    let admin = join(kith, &ADMIN).await?;
    if text(&kith.get(&admin, "/v1/me").await?, "role") != "admin" {
        let why = format!("{} is no admin: the parameter AdminEmails does not name that address", ADMIN.email);
        return Err(SeedError::InTheWay(why));
    }
    let moderator = join(kith, &MODERATOR).await?;
    appoint(kith, &admin, &moderator).await?;
    let mateo = join(kith, &MATEO).await?;
    let yuki = join(kith, &YUKI).await?;
    ban(kith, &admin, &moderator).await?;
    let link = invite(kith, &admin).await?;

    let audit = kith.get(&admin, "/v1/audit?limit=100").await?;
    let events = audit.get("items").and_then(Value::as_array).map_or(0, Vec::len);
    kith.say(AREA, &format!("{events} audit events"), false)?;
    let log_in = |person: &Person| LogIn {
        email: person.email.to_owned(),
        password: PASSWORD.to_owned(),
        who: format!("{} {}, {}", person.first_name, person.last_name, person.who),
    };
    let mut log_ins: Vec<LogIn> = [&ADMIN, &MODERATOR, &MATEO, &YUKI, &BANNED].map(log_in).into();
    log_ins.push(LogIn {
        email: INVITED.to_owned(),
        password: "(none yet)".to_owned(),
        who: link.map_or_else(|| "invited".to_owned(), |link| format!("invited: {link}")),
    });
    Ok(People { log_ins, mateo, yuki })
}

/// Logs somebody in, who is registered and confirmed first where need be, and told about where there is nothing yet.
async fn join(kith: &mut Kith<'_>, person: &Person) -> Result<Caller, SeedError> {
    let nobody = Caller { address: person.address, token: None };
    let credentials = json!({"login": person.email, "password": PASSWORD});
    let mut is_new = false;
    let mut answer = kith.ask(&nobody, Method::POST, "/v1/auth/login", Some(&credentials)).await?;
    if answer.status == StatusCode::UNAUTHORIZED || answer.status == StatusCode::FORBIDDEN {
        is_new = true;
        if answer.status == StatusCode::UNAUTHORIZED {
            let account = json!({
                "email": person.email, "username": person.username, "password": PASSWORD,
                "first_name": person.first_name, "last_name": person.last_name,
            });
            kith.ask(&nobody, Method::POST, "/v1/auth/register", Some(&account)).await?.success()?;
        }
        confirm(kith, &nobody, person).await?;
        answer = kith.ask(&nobody, Method::POST, "/v1/auth/login", Some(&credentials)).await?;
    }
    let tokens = answer.success()?;
    let caller = Caller { token: Some(text(&tokens, "access_token").to_owned()), ..nobody };
    is_new |= introduce(kith, &caller, person).await?;
    kith.say(AREA, &format!("{}, {}", person.email, person.who), is_new)?;
    Ok(caller)
}

/// Confirms the address by the mailed link; an older registration gets a new one.
async fn confirm(kith: &Kith<'_>, nobody: &Caller, person: &Person) -> Result<(), SeedError> {
    let again = json!({"email": person.email});
    for attempt in 0..2 {
        if attempt > 0 {
            kith.ask(nobody, Method::POST, "/v1/auth/confirm/resend", Some(&again)).await?.success()?;
        }
        let Some(link) = kith.mailed_link(person.email, "/confirm").await? else { continue };
        let token = link.split_once("token=").map(|(_, token)| token).unwrap_or_default();
        let token = json!({"token": token, "password": PASSWORD});
        if kith.ask(nobody, Method::POST, "/v1/auth/confirm", Some(&token)).await?.status.is_success() {
            return Ok(());
        }
    }
    let why = format!("{} cannot be confirmed: is there an account of that address already?", person.email);
    Err(SeedError::InTheWay(why))
}

/// Bio, location and preferences, where there is no bio yet. Answers whether anything was to be told.
async fn introduce(kith: &Kith<'_>, who: &Caller, person: &Person) -> Result<bool, SeedError> {
    let me = kith.get(who, "/v1/me").await?;
    if me.get("bio").is_some_and(Value::is_string) {
        return Ok(false);
    }
    let [city, state, country] = person.location;
    let profile = json!({"bio": person.bio, "location": {"city": city, "state": state, "country": country}});
    kith.ask(who, Method::PATCH, "/v1/me", Some(&profile)).await?.success()?;
    let preferences = json!({"digest": person.digest, "report": person.report, "time_zone": person.time_zone});
    kith.ask(who, Method::PATCH, "/v1/me/preferences", Some(&preferences)).await?.success()?;
    Ok(true)
}

/// Makes a moderator who may ban.
async fn appoint(kith: &mut Kith<'_>, admin: &Caller, moderator: &Caller) -> Result<(), SeedError> {
    let me = kith.get(moderator, "/v1/me").await?;
    let user = format!("/v1/users/{}", text(&me, "id"));
    let mut permissions = me.get("permissions").and_then(Value::as_array).cloned().unwrap_or_default();
    let may_ban = permissions.iter().any(|permission| permission == "ban_user");
    if text(&me, "role") == "member" {
        let role = json!({"role": "moderator"});
        kith.ask(admin, Method::PUT, &format!("{user}/role"), Some(&role)).await?.success()?;
    }
    if !may_ban {
        permissions.push(json!("ban_user"));
        let all = json!({"permissions": permissions});
        kith.ask(admin, Method::PUT, &format!("{user}/permissions"), Some(&all)).await?.success()?;
    }
    kith.say(AREA, "role and permission of the moderator", !may_ban)
}

/// Lets somebody join and be banned by the moderator.
async fn ban(kith: &mut Kith<'_>, admin: &Caller, moderator: &Caller) -> Result<(), SeedError> {
    let found = find(kith, admin, BANNED.email).await?;
    // Who is banned cannot log in any more.
    if found.is_some_and(|user| user.get("banned_at").is_some_and(Value::is_string)) {
        return kith.say(AREA, &format!("{}, banned", BANNED.email), false);
    }
    let banned = join(kith, &BANNED).await?;
    let id = text(&kith.get(&banned, "/v1/me").await?, "id").to_owned();
    kith.ask(moderator, Method::PUT, &format!("/v1/users/{id}/ban"), None).await?.success()?;
    kith.say(AREA, &format!("ban of {}", BANNED.email), true)
}

/// Invites somebody; the link in the mail, as long as the mail is there.
async fn invite(kith: &mut Kith<'_>, admin: &Caller) -> Result<Option<String>, SeedError> {
    let is_new = find(kith, admin, INVITED).await?.is_none();
    if is_new {
        kith.ask(admin, Method::POST, "/v1/users", Some(&json!({"email": INVITED}))).await?.success()?;
    }
    kith.say(AREA, &format!("{INVITED}, invited"), is_new)?;
    kith.mailed_link(INVITED, "/accept-invitation").await
}

/// The user with an address.
async fn find(kith: &Kith<'_>, admin: &Caller, email: &str) -> Result<Option<Value>, SeedError> {
    let page = kith.get(admin, &format!("/v1/users?email={email}")).await?;
    Ok(page.pointer("/items/0").cloned())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
