//! The model @PREFIX@, compiled by atmc, for Rust: link it with the object (or library) and libatm_runtime.
//!
//! ```ignore
//! let mut model = @MODULE@::Model::new(4)?;         // a pool of four threads; its workspace
//! model.run(model.first(), &[as_bytes(&image)], &mut [as_bytes_mut(&mut logits)])?;
//! ```
//!
//! A Model runs one call at a time; it can be sent to another thread. Tensors are slices of bytes, whose lengths are
//! checked against the entry's.
#![allow(dead_code)]
use std::alloc::{alloc, dealloc, Layout};
use std::ffi::{c_char, c_int, c_void, CStr};
use std::slice;

#[repr(C)]
pub struct Tensor {
    name: *const c_char,
    layout: *const c_char,
    pub dtype: u32,
    pub rank: u32,
    pub dims: [u32; 4],
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Env {
    size: u32,
    threads: u32,
    isa: u64,
    weights: *const c_void,
    ctx: *mut c_void,
    parallel_for: *const c_void,
}

type Run = extern "C" fn(*const *const c_void, *const *mut c_void, *mut c_void, usize, *const Env) -> c_int;
type RunStrided =
    extern "C" fn(*const *const c_void, *const Strides, *const *mut c_void, *mut c_void, usize, *const Env) -> c_int;

#[repr(C)]
pub struct Entry {
    run: Run,
    inputs: *const Tensor,
    outputs: *const Tensor,
    workspace_base: usize,
    workspace_scratch: usize,
    pub macs: u64,
}

#[repr(C)]
struct Info {
    abi_version: u32,
    input_count: u32,
    output_count: u32,
    entry_count: u32,
    variant_count: u32,
    class_count: u32,
    name: *const c_char,
    target: *const c_char,
    hash: *const c_char,
    entries: *const Entry,
    variants: *const c_void,
    classes: *const *const c_char,
    weights_bytes: u64,
    arithmetic: *const c_char,
    image_input: u32,
    size: u32,
    pixels: *const Pixels,
    strided: *const RunStrided,
}

/// How an input of bytes lies in memory, in bytes; 0: as where it is dense.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Strides {
    /// From one row of pixels to the next, no less than a row is long; negative where rows go upwards.
    pub row: isize,
    /// From one channel to the next where the layout is nchw; else 0.
    pub plane: isize,
    /// From one image of a batch to the next.
    pub image: isize,
}

/// An input: of `bytes`, from the first pixel (or number) of the first image on. All but bytes are dense.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub bytes: &'a [u8],
    pub first: usize,
    pub strides: Strides,
}

/// How an input takes photos.
#[repr(C)]
#[derive(Debug)]
pub struct Pixels {
    /// Of channels: 1 is red, green, blue, 2 the reverse; 0: the input takes no photos.
    pub order: u32,
    /// The shorter side; 0: photos are taken as they are.
    pub resize_to: u32,
    /// Both sides of the middle that is kept.
    pub crop: u32,
    /// 1 is bilinear, 2 bicubic, both as Pillow has them.
    pub filter: u32,
}

extern "C" {
    fn @PREFIX@_model() -> *const Info;
    fn @PREFIX@_find(n: u32, h: u32, w: u32) -> *const Entry;
    fn @PREFIX@_check_weights(weights: *const c_void, bytes: usize) -> c_int;
    fn atm_error_text(code: c_int) -> *const c_char;
    fn atm_pool_create(threads: u32) -> *mut c_void;
    fn atm_pool_destroy(pool: *mut c_void);
    fn atm_pool_env(pool: *mut c_void) -> Env;
}

const ARGUMENT: c_int = -1;
const NO_MEMORY: c_int = -7;
const SYSTEM: c_int = -8;

/// What the model or the runtime returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error(pub i32);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&text(unsafe { atm_error_text(self.0) }))
    }
}

impl std::error::Error for Error {}

fn text(c: *const c_char) -> String {
    unsafe { CStr::from_ptr(c) }.to_string_lossy().into_owned()
}

fn check(code: c_int) -> Result<(), Error> {
    if code == 0 { Ok(()) } else { Err(Error(code)) }
}

fn info() -> &'static Info {
    unsafe { &*@PREFIX@_model() }
}

impl Tensor {
    pub fn name(&self) -> String {
        text(self.name)
    }
    pub fn shape(&self) -> &[u32] {
        &self.dims[..self.rank as usize]
    }
    pub fn bytes(&self) -> usize {
        let element = match self.dtype { 1 | 3 => 4, 2 | 6 => 2, _ => 1 };
        self.shape().iter().map(|&d| d as usize).product::<usize>() * element
    }
    pub fn layout(&self) -> String {
        text(self.layout)
    }
    /// Whether all of it is in `input`. What strides may be, the model says.
    fn is_in(&self, input: &Input) -> bool {
        let Strides { row, plane, image } = input.strides;
        let (first, end) = (input.first as i128, input.bytes.len() as i128);
        if (row, plane, image) == (0, 0, 0) || self.rank != 4 || self.dtype != 5 {
            return first + self.bytes() as i128 <= end;
        }
        let or = |stride: isize, dense: i128| if stride == 0 { dense } else { stride as i128 };
        let d: Vec<i128> = self.dims.iter().map(|&d| d as i128).collect();
        let (planes, rows, line) = if self.layout() == "nchw" { (d[1], d[2], d[3]) } else { (1, d[1], d[2] * d[3]) };
        let row = or(row, line);
        let plane = or(plane, rows * row);
        let spans = [(rows - 1) * row, (planes - 1) * plane, (d[0] - 1) * or(image, planes * plane)];
        let before: i128 = spans.iter().map(|&s| s.min(0)).sum();
        let behind: i128 = spans.iter().map(|&s| s.max(0)).sum();
        first + before >= 0 && first + behind + line <= end
    }
}

impl Entry {
    pub fn inputs(&self) -> &'static [Tensor] {
        unsafe { slice::from_raw_parts(self.inputs, info().input_count as usize) }
    }
    pub fn outputs(&self) -> &'static [Tensor] {
        unsafe { slice::from_raw_parts(self.outputs, info().output_count as usize) }
    }
}

pub fn entries() -> &'static [Entry] {
    unsafe { slice::from_raw_parts(info().entries, info().entry_count as usize) }
}

/// The entry for `n` images of `h` x `w`.
pub fn find(n: u32, h: u32, w: u32) -> Option<&'static Entry> {
    unsafe { @PREFIX@_find(n, h, w).as_ref() }
}

/// Of each input, in order.
pub fn pixels() -> &'static [Pixels] {
    if info().size == 0 {
        return &[];
    }
    unsafe { slice::from_raw_parts(info().pixels, info().input_count as usize) }
}

pub fn classes() -> Vec<String> {
    (0..info().class_count as usize).map(|i| text(unsafe { *info().classes.add(i) })).collect()
}

/// A model with its pool and its workspace.
pub struct Model<'w> {
    pool: *mut c_void,
    env: Env,
    workspace: *mut u8,
    layout: Layout,
    weights: std::marker::PhantomData<&'w [u8]>,
}

unsafe impl Send for Model<'_> {}

impl Model<'static> {
    /// With embedded weights.
    pub fn new(threads: u32) -> Result<Self, Error> {
        Model::with_weights(threads, &[])
    }
}

impl<'w> Model<'w> {
    /// With external weights: the whole file, aligned to 64 bytes (a mapping is).
    pub fn with_weights(threads: u32, weights: &'w [u8]) -> Result<Self, Error> {
        check(unsafe { @PREFIX@_check_weights(weights.as_ptr() as *const c_void, weights.len()) })?;
        let need = |e: &Entry| e.workspace_base + (threads.max(1) as usize - 1) * e.workspace_scratch;
        let bytes = entries().iter().map(need).max().unwrap_or(0).max(64);
        let layout = Layout::from_size_align(bytes, 64).map_err(|_| Error(NO_MEMORY))?;
        let pool = unsafe { atm_pool_create(threads) };
        if pool.is_null() {
            return Err(Error(SYSTEM));
        }
        let mut env = unsafe { atm_pool_env(pool) };
        env.weights = weights.as_ptr() as *const c_void;
        let workspace = unsafe { alloc(layout) };
        let model = Model { pool, env, workspace, layout, weights: std::marker::PhantomData };
        if workspace.is_null() { Err(Error(NO_MEMORY)) } else { Ok(model) }
    }

    pub fn first(&self) -> &'static Entry {
        &entries()[0]
    }

    /// Runs `entry`: a slice for each of its tensors, of its size.
    pub fn run(&mut self, entry: &Entry, inputs: &[&[u8]], outputs: &mut [&mut [u8]]) -> Result<(), Error> {
        let fit = inputs.iter().map(|s| s.len()).eq(entry.inputs().iter().map(Tensor::bytes))
            && outputs.iter().map(|s| s.len()).eq(entry.outputs().iter().map(Tensor::bytes));
        if !fit {
            return Err(Error(ARGUMENT));
        }
        let ins: Vec<_> = inputs.iter().map(|s| s.as_ptr() as *const c_void).collect();
        let outs: Vec<_> = outputs.iter_mut().map(|s| s.as_mut_ptr() as *mut c_void).collect();
        let workspace = self.workspace as *mut c_void;
        check((entry.run)(ins.as_ptr(), outs.as_ptr(), workspace, self.layout.size(), &self.env))
    }

    /// The same on inputs of bytes that lie as they say; an error where no input takes bytes.
    pub fn run_strided(&mut self, entry: &Entry, inputs: &[Input], outputs: &mut [&mut [u8]]) -> Result<(), Error> {
        let fit = inputs.len() == entry.inputs().len()
            && inputs.iter().zip(entry.inputs()).all(|(input, tensor)| tensor.is_in(input))
            && outputs.iter().map(|s| s.len()).eq(entry.outputs().iter().map(Tensor::bytes));
        let index = entries().iter().position(|e| std::ptr::eq(e, entry));
        let there = info().size as usize >= std::mem::size_of::<Info>();
        let (true, true, Some(index)) = (fit, there, index) else {
            return Err(Error(ARGUMENT));
        };
        let ins: Vec<_> = inputs.iter().map(|i| i.bytes.as_ptr().wrapping_add(i.first) as *const c_void).collect();
        let strides: Vec<_> = inputs.iter().map(|i| i.strides).collect();
        let outs: Vec<_> = outputs.iter_mut().map(|s| s.as_mut_ptr() as *mut c_void).collect();
        let (run, workspace) = (unsafe { *info().strided.add(index) }, self.workspace as *mut c_void);
        let size = self.layout.size();
        check(run(ins.as_ptr(), strides.as_ptr(), outs.as_ptr(), workspace, size, &self.env))
    }
}

impl Drop for Model<'_> {
    fn drop(&mut self) {
        unsafe {
            atm_pool_destroy(self.pool);
            if !self.workspace.is_null() {
                dealloc(self.workspace, self.layout);
            }
        }
    }
}
