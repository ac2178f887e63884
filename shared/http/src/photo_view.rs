//! Photos in answers.

use crate::{Cx, Result};
use kith_crypto::photo::code;
use kith_domain::{AddressDay, Photo, PhotoKind, PictureSize, Profile, Size};
use serde::Serialize;
use utoipa::ToSchema;

/// A photo in two sizes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhotoView {
    /// Where the large picture is, which fits into 1024 by 1024 pixels: on this day and the next (UTC).
    #[schema(format = "uri")]
    url: String,
    /// Width in pixels.
    width: u32,
    /// Height in pixels.
    height: u32,
    /// Fits into 200 by 200 pixels; for a default picture it is the large one.
    small: PictureView,
    /// Nobody has uploaded a photo: this is a picture in its place.
    is_default: bool,
}

/// A picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct PictureView {
    /// Where it is.
    #[schema(format = "uri")]
    url: String,
    /// Width in pixels.
    width: u32,
    /// Height in pixels.
    height: u32,
}

impl PhotoView {
    /// A photo that somebody has uploaded.
    pub fn of(cx: &Cx, photo: &Photo) -> Result<Self> {
        let Size { width, height } = photo.large;
        let small = PictureView {
            url: address(cx, photo, PictureSize::Small)?,
            width: photo.small.width,
            height: photo.small.height,
        };
        Ok(Self { url: address(cx, photo, PictureSize::Large)?, width, height, small, is_default: false })
    }

    /// A photo of an account, or the picture in its place.
    pub fn of_profile(cx: &Cx, profile: &Profile, kind: PhotoKind) -> Result<Self> {
        if let Some(photo) = profile.photo(kind) {
            return Self::of(cx, photo);
        }
        let url = cx.link(&format!("/images/{kind}/{}", profile.id))?;
        let (width, height) = kind.default_size();
        let small = PictureView { url: url.clone(), width, height };
        Ok(Self { url, width, height, small, is_default: true })
    }
}

/// Where `show-photo` shows a picture. The same from every instance for the whole day, so that whoever has it already
/// need not get it again, nor what it is shown in.
fn address(cx: &Cx, photo: &Photo, size: PictureSize) -> Result<String> {
    let (path, day) = (photo.path.in_address(), AddressDay::today(cx.now));
    let code = code(&photo.secret, &photo.path.object(size), &day);
    cx.link(&format!("/photos/{path}/{size}/{day}/{code}"))
}
