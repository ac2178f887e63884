//! Who may do what to whom.

use crate::{Permission, Role, User};

/// Why an act of administration is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The caller has not the role or permission.
    NotAllowed,
    /// It would lock the caller out.
    Oneself,
    /// The target is an admin like the caller.
    AnotherAdmin,
}

/// Managing an account: changing, switching off, deleting it. Admins only, and no other admin's.
pub fn may_manage(actor: &User, target: &User) -> Result<(), Refused> {
    if actor.role != Role::Admin {
        return Err(Refused::NotAllowed);
    }
    if target.role == Role::Admin && target.id != actor.id {
        return Err(Refused::AnotherAdmin);
    }
    Ok(())
}

/// What would lock the caller out: only to others, and to no other admin.
pub fn may_shut_out(actor: &User, target: &User) -> Result<(), Refused> {
    may_manage(actor, target)?;
    if target.id == actor.id { Err(Refused::Oneself) } else { Ok(()) }
}

/// Giving a role. Any admin to anybody but themselves; that somebody stays admin is the table's condition.
pub fn may_give_role(actor: &User, target: &User) -> Result<(), Refused> {
    match actor.role {
        Role::Admin if target.id == actor.id => Err(Refused::Oneself),
        Role::Admin => Ok(()),
        Role::Member | Role::Moderator => Err(Refused::NotAllowed),
    }
}

/// Banning and lifting a ban: admins, and whoever has the permission; never oneself, never an admin.
pub fn may_ban(actor: &User, target: &User) -> Result<(), Refused> {
    if actor.role != Role::Admin && !actor.permissions.contains(&Permission::BanUser) {
        return Err(Refused::NotAllowed);
    }
    if target.id == actor.id {
        return Err(Refused::Oneself);
    }
    if target.role == Role::Admin { Err(Refused::AnotherAdmin) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Email, UserId};
    use jiff::Timestamp;

    fn user(role: Role) -> User {
        let email = Email::parse("a@example.org").unwrap();
        User { role, ..User::new(UserId::new(Timestamp::UNIX_EPOCH), email, String::new(), Timestamp::UNIX_EPOCH) }
    }

    #[test]
    fn only_admins_manage_and_no_other_admin() {
        let (admin, other, member) = (user(Role::Admin), user(Role::Admin), user(Role::Member));
        assert_eq!(may_manage(&admin, &member), Ok(()));
        assert_eq!(may_manage(&admin, &admin), Ok(()));
        assert_eq!(may_manage(&admin, &other), Err(Refused::AnotherAdmin));
        assert_eq!(may_manage(&user(Role::Moderator), &member), Err(Refused::NotAllowed));
        assert_eq!(may_shut_out(&admin, &admin), Err(Refused::Oneself));
    }

    #[test]
    fn banning_needs_the_permission_and_spares_admins() {
        let (admin, member) = (user(Role::Admin), user(Role::Member));
        let mut moderator = user(Role::Moderator);
        assert_eq!(may_ban(&moderator, &member), Err(Refused::NotAllowed));
        moderator.permissions.insert(Permission::BanUser);
        assert_eq!(may_ban(&moderator, &member), Ok(()));
        assert_eq!(may_ban(&moderator, &admin), Err(Refused::AnotherAdmin));
        assert_eq!(may_ban(&moderator, &moderator), Err(Refused::Oneself));
        assert_eq!(may_ban(&admin, &member), Ok(()));
    }

    #[test]
    fn nobody_changes_their_own_role() {
        let admin = user(Role::Admin);
        assert_eq!(may_give_role(&admin, &admin), Err(Refused::Oneself));
        assert_eq!(may_give_role(&admin, &user(Role::Admin)), Ok(()));
        assert_eq!(may_give_role(&user(Role::Member), &admin), Err(Refused::NotAllowed));
    }
}
