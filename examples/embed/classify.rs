//! classify IMAGE.f32: a host in Rust, with the module that `--emit=rust` writes beside it.
mod glyphs;

use std::{env, fs, process};

fn bytes_of(floats: &mut [f32]) -> &mut [u8] {
    let bytes = std::mem::size_of_val(floats);
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr() as *mut u8, bytes) }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(path) = env::args().nth(1) else { process::exit(2) };
    let file = fs::read(path)?;
    let mut model = glyphs::Model::new(2)?;
    let entry = model.first();
    let mut image = vec![0f32; entry.inputs()[0].bytes() / 4];
    let mut logits = vec![0f32; entry.outputs()[0].bytes() / 4];
    let start = file.len().checked_sub(image.len() * 4).ok_or("the image is too short")?;
    bytes_of(&mut image).copy_from_slice(&file[start..]);
    model.run(entry, &[bytes_of(&mut image)], &mut [bytes_of(&mut logits)])?;
    let best = (0..logits.len()).fold(0, |best, i| if logits[i] > logits[best] { i } else { best });
    println!("{} {:.5}", glyphs::classes()[best], logits[best]);
    Ok(())
}
