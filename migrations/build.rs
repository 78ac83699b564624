//! A new migration is a new folder: the embedding macros see files they know, so the folders are watched here.

fn main() {
    println!("cargo:rerun-if-changed=postgres");
    println!("cargo:rerun-if-changed=sqlite");
}
