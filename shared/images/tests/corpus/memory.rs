//! How much memory the worst uploads take. Each is decoded by a process of its own, whose peak the system tells.

#![cfg(target_os = "linux")]

use crate::files::{grey_jpeg, photo, png, webp};
use image::{DynamicImage, ImageBuffer, Rgba};
use kith_images::{MAX_BYTES, MAX_SIDE, render};
use std::process::Command;

/// What an upload may take, in bytes. The functions that decode have a multiple of it.
const BOUND: u64 = 256 * 1024 * 1024;
/// Names the upload for the process that decodes it.
const WHICH: &str = "KITH_TEST_UPLOAD";

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Large ones that are small files.
fn upload(which: &str) -> Vec<u8> {
    let side = u16::try_from(MAX_SIDE).unwrap();
    match which {
        "baseline" => grey_jpeg(side, side, 3, 0xC0),
        "progressive" => grey_jpeg(side, side, 3, 0xC2),
        "four-channels" => grey_jpeg(side, side, 4, 0xC0),
        "deep-png" => {
            let deep = ImageBuffer::<Rgba<u16>, _>::from_pixel(MAX_SIDE, MAX_SIDE, Rgba([1, 2, 3, 40_000]));
            png(&DynamicImage::ImageRgba16(deep))
        }
        "webp" => {
            webp(&DynamicImage::ImageRgb8(image::RgbImage::from_pixel(MAX_SIDE, MAX_SIDE, image::Rgb([9, 8, 7]))))
        }
        "nothing" => png(&DynamicImage::ImageRgb8(photo(10, 10))),
        other => panic!("no upload {other}"),
    }
}

/// Run by the test below in processes of its own.
#[test]
#[ignore = "decodes what the environment names"]
fn decode_one() {
    let Ok(path) = std::env::var(WHICH) else { return };
    let file = std::fs::read(path).unwrap();
    assert!(file.len() <= MAX_BYTES);
    let made = render(&file).unwrap();
    assert!(made.large.width <= 1024);
    println!("peak={}", peak());
}

#[test]
fn c22_the_largest_pictures_stay_within_a_bound_of_memory() {
    let folder = std::env::temp_dir().join(format!("kith-images-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let peak_of = |which: &str| {
        let path = folder.join(which);
        std::fs::write(&path, upload(which)).unwrap();
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "memory::decode_one", "--nocapture"])
            .env(WHICH, &path)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success(), "{which}: {told}");
        told.split("peak=").nth(1).unwrap().lines().next().unwrap().parse::<u64>().unwrap()
    };
    let least = peak_of("nothing");
    for which in ["baseline", "progressive", "four-channels", "deep-png", "webp"] {
        let peak = peak_of(which);
        println!("{which}: {} MiB", peak / 1024 / 1024);
        assert!(peak - least <= BOUND, "{which} took {peak} bytes, {least} of them for nothing");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
