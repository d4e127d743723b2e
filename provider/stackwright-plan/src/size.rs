//! Task sizes: the names of Heroku and Empire, the raw form `cpu:memory`, and the pairs that Fargate accepts.
//!
//! [`parse`] reads what a person wrote; [`Size::round_up`] finds the smallest Fargate pair that is at least that.
//! Units are those of ECS: CPU units (1024 are one vCPU) and MiB.

use std::fmt;

/// CPU and memory of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// CPU units; 1024 are one vCPU.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u32,
}

/// Why a text is not a size, or a size not possible on Fargate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// Neither a known name nor `cpu:memory`.
    #[error("`{text}` is not a size")]
    Unknown {
        /// The text.
        text: String,
        /// The known name that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// The part before the colon is not a number of CPU units.
    #[error("`{cpu}` is not a number of CPU units")]
    Cpu {
        /// The part before the colon.
        cpu: String,
    },
    /// The part after the colon is not an amount of memory.
    #[error("`{memory}` is not an amount of memory")]
    Memory {
        /// The part after the colon.
        memory: String,
    },
    /// The size carries a limit on processes, which Fargate cannot set.
    #[error("`{limit}` cannot be set on Fargate")]
    ProcessLimit {
        /// The third part of the size.
        limit: String,
    },
    /// A fourth part, or a third that is not known.
    #[error("`{rest}` is not part of a size")]
    Rest {
        /// What follows the memory.
        rest: String,
    },
    /// More than the largest Fargate task.
    #[error("{asked} is more than Fargate has: its largest task is {largest}")]
    TooLarge {
        /// The size asked for.
        asked: Size,
        /// The largest Fargate pair.
        largest: Size,
    },
}

impl SizeError {
    /// What to write instead.
    pub fn help(&self) -> String {
        match self {
            Self::Unknown { suggestion: Some(name), .. } => format!("did you mean `{name}`?"),
            Self::Unknown { .. } => FORMS.to_owned(),
            Self::Cpu { .. } => "write a whole number of at least 2, as in `256:512mb`; 1024 units are one vCPU".to_owned(),
            Self::Memory { .. } => "write a number above 0 with `kb`, `mb`, `gb` or `tb`, or a number of bytes, as in `256:0.5gb`".to_owned(),
            Self::ProcessLimit { .. } => "remove it: of all limits Fargate lets a task change only the number of open files".to_owned(),
            Self::Rest { .. } => "write `cpu:memory`, as in `256:512mb`".to_owned(),
            Self::TooLarge { .. } => "ask for less for each task and run more of them".to_owned(),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} CPU units with {} MiB", self.cpu, self.memory)
    }
}

/// The size of a process that names none: `1X`.
pub const DEFAULT: Size = Size {
    cpu: 256,
    memory: 512,
};

/// The sizes that have a name, smallest first.
pub const NAMED: [(&str, Size); 3] = [
    ("1X", DEFAULT),
    (
        "2X",
        Size {
            cpu: 512,
            memory: 1024,
        },
    ),
    (
        "PX",
        Size {
            cpu: 1024,
            memory: 6144,
        },
    ),
];

/// The memory that Fargate offers for each CPU size, smallest first (AWS documentation, "Task CPU and memory").
pub const FARGATE: [FargateTier; 7] = [
    FargateTier {
        cpu: 256,
        memory: MemorySteps::Doubling {
            least: 512,
            most: 2048,
        },
    },
    FargateTier {
        cpu: 512,
        memory: MemorySteps::Even {
            least: 1024,
            most: 4096,
            step: 1024,
        },
    },
    FargateTier {
        cpu: 1024,
        memory: MemorySteps::Even {
            least: 2048,
            most: 8192,
            step: 1024,
        },
    },
    FargateTier {
        cpu: 2048,
        memory: MemorySteps::Even {
            least: 4096,
            most: 16_384,
            step: 1024,
        },
    },
    FargateTier {
        cpu: 4096,
        memory: MemorySteps::Even {
            least: 8192,
            most: 30_720,
            step: 1024,
        },
    },
    FargateTier {
        cpu: 8192,
        memory: MemorySteps::Even {
            least: 16_384,
            most: 61_440,
            step: 4096,
        },
    },
    FargateTier {
        cpu: 16_384,
        memory: MemorySteps::Even {
            least: 32_768,
            most: 122_880,
            step: 8192,
        },
    },
];

/// One CPU size of Fargate and the memory that goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FargateTier {
    /// CPU units.
    pub cpu: u32,
    /// The memory that goes with them.
    pub memory: MemorySteps,
}

/// A range of memory sizes in MiB, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemorySteps {
    /// Each size is twice the one before.
    Doubling {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// Each size is `step` more than the one before.
    Even {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
        /// The distance between two sizes.
        step: u32,
    },
}

impl MemorySteps {
    /// The smallest size of the range that is at least `memory`.
    pub fn round_up(self, memory: u32) -> Option<u32> {
        match self {
            Self::Doubling { least, most } => {
                std::iter::successors(Some(least), |size| size.checked_mul(2))
                    .take_while(|size| *size <= most)
                    .find(|size| *size >= memory)
            }
            Self::Even { least, most, step } => {
                let rounded = memory.max(least).div_ceil(step).checked_mul(step)?;
                (rounded <= most).then_some(rounded)
            }
        }
    }
}

/// Reads a size: `1X`, `2X`, `PX` or `cpu:memory`.
///
/// # Errors
/// What is wrong with the text. Whether Fargate offers the pair is not checked here but by [`Size::round_up`].
///
/// # Examples
/// ```
/// let size = stackwright_plan::size::parse("256:1gb")?;
/// assert_eq!((size.cpu, size.memory), (256, 1024));
/// # Ok::<(), stackwright_plan::size::SizeError>(())
/// ```
pub fn parse(text: &str) -> Result<Size, SizeError> {
    if let Some((_, size)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Ok(*size);
    }
    let Some((cpu, rest)) = text.split_once(':') else {
        return Err(SizeError::Unknown {
            text: text.to_owned(),
            suggestion: suggestion(text),
        });
    };
    let (memory, limit) = rest
        .split_once(':')
        .map_or((rest, None), |(memory, limit)| (memory, Some(limit)));
    match limit {
        Some(limit) if limit.starts_with("nproc=") => Err(SizeError::ProcessLimit {
            limit: limit.to_owned(),
        }),
        Some(limit) => Err(SizeError::Rest {
            rest: limit.to_owned(),
        }),
        None => Ok(Size {
            cpu: parse_cpu(cpu)?,
            memory: parse_memory(memory)?,
        }),
    }
}

impl Size {
    /// The smallest Fargate pair with at least this much CPU and memory.
    ///
    /// # Errors
    /// [`SizeError::TooLarge`] when no pair has that much.
    pub fn round_up(self) -> Result<Self, SizeError> {
        let tiers = FARGATE.iter().filter(|tier| tier.cpu >= self.cpu);
        let mut pairs = tiers.filter_map(|tier| {
            tier.memory.round_up(self.memory).map(|memory| Self {
                cpu: tier.cpu,
                memory,
            })
        });
        pairs.next().ok_or(SizeError::TooLarge {
            asked: self,
            largest: LARGEST,
        })
    }

    /// Whether Fargate offers exactly this pair.
    pub fn is_fargate(self) -> bool {
        self.round_up() == Ok(self)
    }
}

const LARGEST: Size = Size {
    cpu: 16_384,
    memory: 122_880,
};
const FORMS: &str = "write `1X` (256 CPU units, 512 MiB), `2X` (512, 1024), `PX` (1024, 6144) or `cpu:memory`, as in `256:1gb`";

fn suggestion(text: &str) -> Option<&'static str> {
    let upper = text.trim().to_ascii_uppercase();
    NAMED
        .iter()
        .map(|(name, _)| *name)
        .find(|name| *name == upper)
}

fn parse_cpu(text: &str) -> Result<u32, SizeError> {
    let wrong = || SizeError::Cpu {
        cpu: text.to_owned(),
    };
    let cpu = digits(text)
        .and_then(|digits| u32::try_from(digits).ok())
        .ok_or_else(wrong)?;
    if cpu >= 2 { Ok(cpu) } else { Err(wrong()) }
}

/// Memory in MiB, rounded up. Decimals are counted exactly, not as floating point.
fn parse_memory(text: &str) -> Result<u32, SizeError> {
    mebibytes(text)
        .filter(|memory| *memory > 0)
        .ok_or_else(|| SizeError::Memory {
            memory: text.to_owned(),
        })
}

fn mebibytes(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, bytes)| Some((lower.strip_suffix(name)?, *bytes)))
        .unwrap_or((&lower, 1));
    let (whole, fraction) = number
        .split_once('.')
        .map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    let scale = 10_u128.checked_pow(u32::try_from(fraction.unwrap_or_default().len()).ok()?)?;
    let parts = digits(whole)?
        .checked_mul(scale)?
        .checked_add(fraction.map_or(Some(0), digits)?)?;
    u32::try_from(
        parts
            .checked_mul(unit)?
            .div_ceil(scale.checked_mul(1 << 20)?),
    )
    .ok()
}

const UNITS: [(&str, u128); 4] = [
    ("kb", 1 << 10),
    ("mb", 1 << 20),
    ("gb", 1 << 30),
    ("tb", 1 << 40),
];

/// A number written with ASCII digits alone, without sign or spaces.
fn digits(text: &str) -> Option<u128> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn size(cpu: u32, memory: u32) -> Size {
        Size { cpu, memory }
    }

    #[test]
    fn reads_names() {
        assert_eq!(parse("1X").unwrap(), size(256, 512));
        assert_eq!(parse("2X").unwrap(), size(512, 1024));
        assert_eq!(parse("PX").unwrap(), size(1024, 6144));
    }

    #[test]
    fn reads_the_raw_form() {
        let cases = [
            ("256:512mb", 512),
            ("256:1gb", 1024),
            ("256:1.00GB", 1024),
            ("256:0.5gb", 512),
            ("256:1.1gb", 1127),
            ("256:0.1tb", 104_858),
            ("256:1kb", 1),
            ("256:1048576", 1),
            ("256:1048577", 2),
            ("256:536870912", 512),
        ];
        for (text, memory) in cases {
            assert_eq!(parse(text).unwrap(), size(256, memory), "{text}");
        }
        assert_eq!(parse("2:1mb").unwrap(), size(2, 1));
    }

    #[test]
    fn refuses_with_the_part_that_is_wrong() {
        let cases = [
            ("", "`` is not a size"),
            ("3X", "`3X` is not a size"),
            ("1:1gb", "`1` is not a number of CPU units"),
            (":1gb", "`` is not a number of CPU units"),
            ("+256:1gb", "`+256` is not a number of CPU units"),
            ("0.25:1gb", "`0.25` is not a number of CPU units"),
            (
                "99999999999:1gb",
                "`99999999999` is not a number of CPU units",
            ),
            ("256:", "`` is not an amount of memory"),
            ("256:0", "`0` is not an amount of memory"),
            ("256:-1gb", "`-1gb` is not an amount of memory"),
            ("256:1.gb", "`1.gb` is not an amount of memory"),
            ("256:1 gb", "`1 gb` is not an amount of memory"),
            ("256:1g", "`1g` is not an amount of memory"),
            ("256:1e9", "`1e9` is not an amount of memory"),
            (
                "256:99999999999999tb",
                "`99999999999999tb` is not an amount of memory",
            ),
            ("256:1gb:nproc=256", "`nproc=256` cannot be set on Fargate"),
            ("256:1gb:x", "`x` is not part of a size"),
        ];
        for (text, message) in cases {
            let error = parse(text).unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
            assert!(!error.help().is_empty());
        }
    }

    #[test]
    fn suggests_the_name_in_capitals() {
        assert_eq!(parse("2x").unwrap_err().help(), "did you mean `2X`?");
        assert_eq!(parse("huge").unwrap_err().help(), FORMS);
    }

    #[test]
    fn every_pair_of_the_table_is_its_own_rounding() {
        let even = |cpu: u32, least: u32, most: u32, step: usize| {
            (least..=most)
                .step_by(step)
                .map(move |memory| size(cpu, memory))
        };
        let mut pairs: Vec<Size> = [512, 1024, 2048].map(|memory| size(256, memory)).to_vec();
        pairs.extend(
            even(512, 1024, 4096, 1024)
                .chain(even(1024, 2048, 8192, 1024))
                .chain(even(2048, 4096, 16_384, 1024)),
        );
        pairs.extend(
            even(4096, 8192, 30_720, 1024)
                .chain(even(8192, 16_384, 61_440, 4096))
                .chain(even(16_384, 32_768, 122_880, 8192)),
        );
        assert_eq!(pairs.len(), 3 + 4 + 7 + 13 + 23 + 12 + 12);
        for pair in pairs {
            assert!(pair.is_fargate(), "{pair}");
        }
    }

    #[test]
    fn rounds_up_at_every_boundary() {
        let cases = [
            (2, 1, 256, 512),
            (256, 512, 256, 512),
            (256, 513, 256, 1024),
            (256, 1025, 256, 2048),
            (256, 2048, 256, 2048),
            (256, 2049, 512, 3072),
            (256, 8192, 1024, 8192),
            (257, 512, 512, 1024),
            (300, 512, 512, 1024),
            (512, 1025, 512, 2048),
            (512, 4096, 512, 4096),
            (512, 4097, 1024, 5120),
            (1024, 1024, 1024, 2048),
            (1024, 8192, 1024, 8192),
            (1024, 8193, 2048, 9216),
            (2048, 1, 2048, 4096),
            (2048, 16_384, 2048, 16_384),
            (2048, 16_385, 4096, 17_408),
            (4096, 1, 4096, 8192),
            (4096, 30_720, 4096, 30_720),
            (4096, 30_721, 8192, 32_768),
            (8192, 1, 8192, 16_384),
            (8192, 16_385, 8192, 20_480),
            (8192, 61_440, 8192, 61_440),
            (8192, 61_441, 16_384, 65_536),
            (16_384, 1, 16_384, 32_768),
            (16_384, 32_769, 16_384, 40_960),
            (16_384, 122_880, 16_384, 122_880),
        ];
        for (cpu, memory, want_cpu, want_memory) in cases {
            assert_eq!(
                size(cpu, memory).round_up().unwrap(),
                size(want_cpu, want_memory),
                "{cpu}:{memory}"
            );
        }
    }

    #[test]
    fn refuses_what_no_task_has() {
        for asked in [
            size(16_385, 1),
            size(256, 122_881),
            size(u32::MAX, u32::MAX),
        ] {
            assert_eq!(
                asked.round_up(),
                Err(SizeError::TooLarge {
                    asked,
                    largest: LARGEST
                })
            );
        }
        let message = size(256, 200_000).round_up().unwrap_err().to_string();
        assert_eq!(
            message,
            "256 CPU units with 200000 MiB is more than Fargate has: its largest task is 16384 CPU units with 122880 MiB"
        );
    }

    #[test]
    fn named_sizes_are_fargate_pairs() {
        for (name, size) in NAMED {
            assert!(size.is_fargate(), "{name}");
        }
    }
}
