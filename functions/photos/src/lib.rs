//! Photos: one's own, those on cards, and what stands in their place before anybody uploads one.
//!
//! One file per route; its binary of the same name is in `src/bin/`. Apart from the areas whose objects the photos
//! are of, so that only these functions link what decodes pictures.

use kith_http::Function;

pub mod show_default_photo;

mod pattern;

/// Every function of this area.
pub fn functions() -> Vec<Function> {
    vec![show_default_photo::function()]
}
