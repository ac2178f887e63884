//! Photos in answers.

use crate::{Cx, Problem, Result};
use kith_domain::{Photo, PhotoKind, Profile, Size};
use serde::Serialize;
use utoipa::ToSchema;

/// A photo in two sizes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhotoView {
    /// Where the large picture is: fits into 1024 by 1024 pixels. Works for half an hour at least.
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
        let links = cx.photo_links()?;
        let Size { width, height } = photo.large;
        let small =
            PictureView { url: links.link(&photo.path.small())?, width: photo.small.width, height: photo.small.height };
        Ok(Self { url: links.link(&photo.path.large())?, width, height, small, is_default: false })
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

impl Cx {
    fn photo_links(&self) -> Result<&kith_objects::Links> {
        let unnamed = || Problem::internal("the function does not name the bucket among its settings");
        self.app().photo_links().ok_or_else(unnamed)
    }
}
