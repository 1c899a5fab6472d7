//! The profiles that are built into the program.

macro_rules! profiles {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of each, sorted by name.
        pub(crate) const PROFILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../profiles/", $name, ".toml")))),+];
    };
}

// A test compares this list with the folder, so a forgotten file does not go unnoticed.
profiles![
    "cognex-dataman",
    "gprinter-gp",
    "honeywell-pm",
    "keyence-sr750",
    "newland-fixed",
    "newland-pda",
    "serial-gate",
    "tsc-te",
    "tsc-ttp",
    "virtual-line",
    "virtual-tspl",
    "virtual-zpl",
    "zebra-zd",
    "zebra-zt",
];
