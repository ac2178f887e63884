//! Photos: one's own, those on cards, and what stands in their place before anybody uploads one.
//!
//! One file per route; its binary of the same name is in `src/bin/`. Apart from the areas whose photos they are, so that
//! only these functions link what decodes pictures.

use kith_http::Function;

pub mod remove_contact_photo;
pub mod remove_cover_photo;
pub mod remove_profile_photo;
pub mod set_contact_photo;
pub mod set_cover_photo;
pub mod set_profile_photo;
pub mod show_default_photo;
pub mod show_photo;

mod own_photo;
mod pattern;
mod upload;

/// Every function of this area.
pub fn functions() -> Vec<Function> {
    vec![
        set_profile_photo::function(),
        remove_profile_photo::function(),
        set_cover_photo::function(),
        remove_cover_photo::function(),
        set_contact_photo::function(),
        remove_contact_photo::function(),
        show_photo::function(),
        show_default_photo::function(),
    ]
}
