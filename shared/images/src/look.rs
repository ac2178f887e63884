//! A look at a file before it is decoded, for what the decoders do not look at.

use crate::{MAX_SIDE, Refused};

/// JPEG: that it is complete.
///
/// The decoder shows grey for what is missing, as a viewer should. Here half a picture is a broken upload: it is
/// refused while the person is there to send it again.
pub(crate) fn jpeg(file: &[u8]) -> Result<(), Refused> {
    const END: u8 = 0xD9;
    let mut rest = file.get(2..).unwrap_or_default();
    loop {
        let marker = rest.iter().position(|byte| *byte == 0xFF).ok_or(Refused::Broken)?;
        let fillers = rest.iter().skip(marker).position(|byte| *byte != 0xFF).ok_or(Refused::Broken)?;
        let (kind, after) = rest.get(marker + fillers..).and_then(<[u8]>::split_first).ok_or(Refused::Broken)?;
        rest = match kind {
            &END => return Ok(()),
            // Stuffing and restarts inside the pixels' data, and markers without a segment.
            0x00 | 0x01 | 0xD0..=0xD8 => after,
            _ => {
                let length = after.first_chunk().ok_or(Refused::Broken)?;
                after.get(usize::from(u16::from_be_bytes(*length))..).ok_or(Refused::Broken)?
            }
        };
    }
}

/// WebP: that no chunk is longer than the file, and no frame larger than what is taken.
///
/// The decoder allocates what a chunk says of its length, and decodes a whole frame before it finds that the canvas
/// in the header is another: a file of 100 bytes could take gigabytes.
pub(crate) fn webp(file: &[u8]) -> Result<(), Refused> {
    let header = "RIFF????WEBP".len();
    for chunk in Chunks(file.get(header..).ok_or(Refused::Broken)?) {
        let (name, payload) = chunk?;
        if &name == b"ANMF" {
            // A frame of an animation: where and how, then chunks of its own.
            for chunk in Chunks(payload.get(16..).ok_or(Refused::Broken)?) {
                let (name, payload) = chunk?;
                bounded(name, payload)?;
            }
        } else {
            bounded(name, payload)?;
        }
    }
    Ok(())
}

/// The size of a frame, by its own header.
fn bounded(name: [u8; 4], payload: &[u8]) -> Result<(), Refused> {
    let (width, height) = match &name {
        b"VP8 " => {
            let side = |at: usize| {
                let bytes = payload.get(at..).and_then(<[u8]>::first_chunk).ok_or(Refused::Broken)?;
                Ok(u32::from(u16::from_le_bytes(*bytes) & 0x3FFF))
            };
            (side(6)?, side(8)?)
        }
        b"VP8L" => {
            let bits = payload.get(1..).and_then(<[u8]>::first_chunk).ok_or(Refused::Broken)?;
            let bits = u32::from_le_bytes(*bits);
            ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        }
        _ => return Ok(()),
    };
    if width.max(height) > MAX_SIDE { Err(Refused::TooManyPixels) } else { Ok(()) }
}

/// The chunks of a RIFF file: name and payload of each; broken where one is longer than what is left.
struct Chunks<'a>(&'a [u8]);

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<([u8; 4], &'a [u8]), Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        let (name, rest) = self.0.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some(payload) = rest.get(..length) else {
            self.0 = &[];
            return Some(Err(Refused::Broken));
        };
        // An odd one is followed by a byte of padding, which some writers leave out at the end.
        self.0 = rest.get(length + length % 2..).unwrap_or_default();
        Some(Ok((*name, payload)))
    }
}
