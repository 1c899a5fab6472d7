//! The dependency tree as it is built: ring is the only crypto provider in it.

use crate::stage::{Failure, cargo, output, say};

const FORBIDDEN: [&str; 6] =
    ["aws-lc-rs", "aws-lc-sys", "openssl", "openssl-sys", "native-tls", "boring-sys"];

/// Fails if another provider is in the tree, or if ring is not.
pub(crate) fn check() -> Result<(), Failure> {
    let listing = output(cargo().args([
        "tree",
        "--workspace",
        "--edges",
        "normal,build,dev",
        "--target",
        "all",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]))?;
    let names = names(&listing);
    let found: Vec<&str> = FORBIDDEN.into_iter().filter(|name| names.contains(name)).collect();
    if let Some(first) = found.first() {
        return Err(Failure::new(format!(
            "{} in the dependency tree; ring is the only crypto provider here. \
             `cargo tree --workspace --target all --invert {first}` says who brings it: turn that feature off",
            found.join(", ")
        )));
    }
    if !names.contains(&"ring") {
        return Err(Failure::new(
            "ring is not in the dependency tree; `cargo tree` printed something new",
        ));
    }
    say(&format!("  {} packages, ring the only crypto provider", names.len()));
    Ok(())
}

fn names(listing: &str) -> Vec<&str> {
    let mut names: Vec<&str> =
        listing.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_words() {
        let names = names("openssl-probe v0.2.2\nring v0.17.14\nring v0.17.14 (*)\n\n");
        assert_eq!(names, ["openssl-probe", "ring"]);
    }
}
