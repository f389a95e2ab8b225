//! strides_rust: rows of a larger image, upwards; what is not all in its slice is refused.
mod photos;

fn bytes_of(floats: &mut [f32]) -> &mut [u8] {
    let bytes = std::mem::size_of_val(floats);
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr() as *mut u8, bytes) }
}

fn main() {
    let mut model = photos::Model::new(2).unwrap();
    let entry = photos::find(1, 37, 50).unwrap();
    let (line, apart) = (50 * 3, 50 * 3 + 11);
    let dense: Vec<u8> = (0..37 * line).map(|i| (i * 31 % 251) as u8).collect();
    let mut rows = vec![99u8; 36 * apart + line];
    for y in 0..37 {
        rows[(36 - y) * apart..][..line].copy_from_slice(&dense[y * line..][..line]);
    }
    let sizes: Vec<usize> = entry.outputs().iter().map(|t| t.bytes() / 4).collect();
    let (mut wanted, mut got, mut stem) = (vec![0f32; sizes[0]], vec![0f32; sizes[0]], vec![0f32; sizes[1]]);
    model.run(entry, &[&dense], &mut [bytes_of(&mut wanted), bytes_of(&mut stem)]).unwrap();
    let upwards = photos::Strides { row: -(apart as isize), ..Default::default() };
    let input = photos::Input { bytes: &rows, first: 36 * apart, strides: upwards };
    model.run_strided(entry, &[input], &mut [bytes_of(&mut got), bytes_of(&mut stem)]).unwrap();
    assert_eq!(wanted, got);
    for first in [36 * apart - 1, 36 * apart + 1] {
        let beside = photos::Input { first, ..input };
        assert!(model.run_strided(entry, &[beside], &mut [bytes_of(&mut got), bytes_of(&mut stem)]).is_err());
    }
    println!("rust: upwards, inside of its slice alone");
}
