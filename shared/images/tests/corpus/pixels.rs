//! What comes out looks like what went in.

use crate::files::{drawing, grey_jpeg, jpeg, photo, png, webp};
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use kith_images::{LARGE, MAX_FILE, Picture, SMALL, render};

fn shown(picture: &Picture) -> RgbaImage {
    let shown = image::load_from_memory(&picture.bytes).unwrap().into_rgba8();
    assert_eq!(shown.dimensions(), (picture.width, picture.height));
    shown
}

/// The largest difference of any channel of any pixel.
fn difference(one: &RgbaImage, other: &RgbaImage) -> u8 {
    assert_eq!(one.dimensions(), other.dimensions());
    one.iter().zip(other.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

fn rgba(photo: &RgbImage) -> RgbaImage {
    DynamicImage::ImageRgb8(photo.clone()).into_rgba8()
}

#[test]
fn c23_a_small_png_keeps_every_pixel() {
    for pixels in [DynamicImage::ImageRgba8(drawing(160, 120)), DynamicImage::ImageRgb8(photo(200, 7))] {
        let made = render(&png(&pixels)).unwrap();
        for picture in [&made.large, &made.small] {
            assert_eq!(picture.content_type, "image/png");
            // The colour of a transparent pixel is kept, too: nothing was resized.
            assert_eq!(shown(picture), pixels.to_rgba8());
        }
    }
}

#[test]
fn c23_a_photo_of_each_format_looks_the_same_in_both_sizes() {
    for (width, height) in [(1600, 1200), (900, 1500), (600, 600), (1024, 1024), (1025, 3)] {
        let original = photo(width, height);
        let pixels = DynamicImage::ImageRgb8(original.clone());
        for (file, content_type) in
            [(png(&pixels), "image/png"), (jpeg(&pixels), "image/jpeg"), (webp(&pixels), "image/jpeg")]
        {
            let made = render(&file).unwrap();
            for (picture, side) in [(made.large, LARGE), (made.small, SMALL)] {
                assert_eq!(picture.content_type, content_type);
                let longest = width.max(height);
                let scaled = |length: u32| {
                    if longest <= side { length } else { ((length * side * 2 + longest) / (longest * 2)).max(1) }
                };
                assert_eq!((picture.width, picture.height), (scaled(width), scaled(height)));
                let expected = rgba(&photo(picture.width, picture.height));
                // A strip three pixels high has no smaller picture to compare with.
                if height > 3 {
                    assert!(difference(&shown(&picture), &expected) <= 12, "{content_type} {width}x{height} in {side}");
                }
            }
        }
    }
}

#[test]
fn h12_a_file_that_would_be_too_large_is_no_drawing() {
    let mut random = 1_u32;
    let mut noise = || {
        // Marsaglia's xorshift.
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random.to_le_bytes()
    };
    let shining = RgbaImage::from_fn(1000, 500, |_, _| Rgba(noise()));
    let opaque = RgbImage::from_fn(1000, 500, |_, _| Rgb([noise()[0], noise()[1], noise()[2]]));
    let made = |pixels: DynamicImage| render(&png(&pixels)).unwrap();
    for (picture, content_type, size) in [
        (made(DynamicImage::ImageRgba8(shining)).large, "image/png", (500, 250)),
        (made(DynamicImage::ImageRgb8(opaque)).large, "image/jpeg", (1000, 500)),
    ] {
        assert_eq!((picture.content_type, (picture.width, picture.height)), (content_type, size));
        assert!(picture.bytes.len() <= MAX_FILE, "{content_type}: {}", picture.bytes.len());
    }
    // So is every photo, whatever is on it.
    let widest = RgbImage::from_fn(1024, 1024, |_, _| Rgb([noise()[0], noise()[1], noise()[2]]));
    let widest = render(&webp(&DynamicImage::ImageRgb8(widest))).unwrap().large;
    assert!(widest.content_type == "image/jpeg" && widest.bytes.len() <= MAX_FILE, "{}", widest.bytes.len());
}

#[test]
fn nothing_is_enlarged() {
    let made = render(&jpeg(&DynamicImage::ImageRgb8(photo(31, 17)))).unwrap();
    for picture in [made.large, made.small] {
        assert_eq!((picture.width, picture.height), (31, 17));
    }
}

#[test]
fn a_line_stays_a_line() {
    let made = render(&png(&DynamicImage::ImageRgb8(photo(4096, 1)))).unwrap();
    assert_eq!((made.large.width, made.large.height), (1024, 1));
    assert_eq!((made.small.width, made.small.height), (200, 1));
}

#[test]
fn what_is_transparent_stays_so_and_lends_its_colour_to_nobody() {
    // Every second row opaque red, the others transparent green.
    let rows =
        RgbaImage::from_fn(800, 800, |_, y| if y % 2 == 0 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 255, 0, 0]) });
    for file in [png(&DynamicImage::ImageRgba8(rows.clone())), webp(&DynamicImage::ImageRgba8(rows))] {
        let small = render(&file).unwrap().small;
        assert_eq!(small.content_type, "image/png");
        for Rgba([red, green, _, alpha]) in shown(&small).pixels() {
            assert!(*red > 250 && *green < 5 && (100..156).contains(alpha), "{red} {green} {alpha}");
        }
    }
}

#[test]
fn a_webp_with_an_alpha_channel_that_hides_nothing_is_a_photo() {
    let opaque = DynamicImage::ImageRgba8(rgba(&photo(300, 200)));
    assert_eq!(render(&webp(&opaque)).unwrap().large.content_type, "image/jpeg");
}

#[test]
fn other_depths_and_channels_are_understood() {
    let grey = GrayImage::from_pixel(40, 30, Luma([90]));
    let deep = ImageBuffer::<Rgb<u16>, _>::from_pixel(40, 30, Rgb([0x5A5A, 0x5A5A, 0x5A5A]));
    let deep_grey = ImageBuffer::<LumaA<u16>, _>::from_pixel(40, 30, LumaA([0x5A5A, 0xFFFF]));
    for pixels in
        [DynamicImage::ImageLuma8(grey.clone()), DynamicImage::ImageRgb16(deep), DynamicImage::ImageLumaA16(deep_grey)]
    {
        let made = render(&png(&pixels)).unwrap();
        assert!(shown(&made.large).pixels().all(|pixel| *pixel == Rgba([90, 90, 90, 255])), "{:?}", pixels.color());
    }
    let made = render(&jpeg(&DynamicImage::ImageLuma8(grey))).unwrap();
    assert!(shown(&made.large).pixels().all(|pixel| pixel.0[0].abs_diff(90) <= 2));
}

#[test]
fn jpegs_of_four_channels_and_in_progressive_order_are_understood() {
    for (components, frame) in [(1, 0xC0), (3, 0xC0), (4, 0xC0), (1, 0xC2), (3, 0xC2)] {
        let made = render(&grey_jpeg(24, 16, components, frame)).unwrap();
        assert_eq!((made.large.width, made.large.height), (24, 16), "{components} channels");
        let first = *shown(&made.large).get_pixel(0, 0);
        assert!(shown(&made.large).pixels().all(|pixel| *pixel == first), "{components} channels");
    }
}
