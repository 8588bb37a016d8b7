//! Values as people write them: `4`, `0.5`, `14d`, `24,48`. The same on the command line, in the environment and in
//! a configuration file.

use crate::{address::Prefix, output::counted, report::moment};
use serde::{Deserialize, Deserializer, de};
use std::{fmt, str::FromStr, time::Duration};

/// A number of seconds above 0, fractions allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeoutSeconds(pub Duration);

/// An age: numbers, each with one of s, m, h, d, w, as `--since` takes them too. A bare number is seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Age {
    /// The duration.
    pub length: Duration,
    /// It was written without a unit.
    pub bare: bool,
}

impl Age {
    /// The warning about a bare number that was hardly meant as seconds: nobody keeps answers for 14 of them.
    #[must_use]
    pub fn doubt(self) -> Option<String> {
        let seconds = self.length.as_secs();
        (self.bare && (1..=366).contains(&seconds)).then(|| {
            let length = counted(seconds, "second", "seconds");
            format!("`--max-age {seconds}` is {length}: write {seconds}d for days")
        })
    }
}

/// Queries a second; 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueryRate(pub f64);

/// The widest networks that one answer may serve: prefix lengths for IPv4 (0 to 32) and IPv6 (0 to 128).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ShareLimits(pub u8, pub u8);

/// A proxy, or a network of proxies: `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TrustedProxy(pub Prefix);

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|()| {
            format!(
                "`{text}` is neither an address nor a network: write 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32"
            )
        })
    }
}

impl FromStr for TimeoutSeconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('s').unwrap_or(text);
        match number.parse::<f64>() {
            Ok(seconds) if seconds > 0.0 && seconds <= 86_400.0 => Ok(Self(Duration::from_secs_f64(seconds))),
            _ => Err(format!("`{text}` is not a number of seconds: write 4 or 0.5, and at most 86400")),
        }
    }
}

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let seconds = || Some(Duration::from_secs(text.parse().ok()?));
        let length = if bare { seconds() } else { moment::age(text).and_then(|age| age.try_into().ok()) };
        let length = length.ok_or_else(|| {
            format!("`{text}` is not an age: write a number and s, m, h, d or w, such as 14d")
        })?;
        // A century is as long as anybody means; it also keeps sums of times in range.
        Ok(Self { length: length.min(Duration::from_secs(3_155_760_000)), bare })
    }
}

impl FromStr for QueryRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            Ok(rate) if rate == 0.0 || (0.0001..=1_000_000.0).contains(&rate) => Ok(Self(rate)),
            _ => Err(format!(
                "`{text}` is not a number of queries a second: write 0.5 or 2, and 0 for no limit"
            )),
        }
    }
}

impl FromStr for ShareLimits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let length = |text: &str| text.trim().trim_start_matches('/').parse::<u8>().ok();
        match text.split_once(',').and_then(|(v4, v6)| Some((length(v4)?, length(v6)?))) {
            Some((v4, v6)) if v4 <= 32 && v6 <= 128 => Ok(Self(v4, v6)),
            Some(_) => Err(format!("`{text}` is too long a prefix: up to 32 bits for IPv4, 128 for IPv6")),
            None => {
                Err(format!("`{text}` is not a pair of prefix lengths: write two numbers, such as 24,48"))
            }
        }
    }
}

/// Parses a string or a bare number through `FromStr`, so that `timeout = 4` and `timeout = "4"` are equal.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = String>,
{
    struct Either<T>(std::marker::PhantomData<T>);
    impl<T: FromStr<Err = String>> de::Visitor<'_> for Either<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number or a string")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
        fn visit_bool<E: de::Error>(self, flag: bool) -> Result<T, E> {
            self.visit_str(if flag { "true" } else { "false" })
        }
        fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }
        fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }
    }
    deserializer.deserialize_any(Either(std::marker::PhantomData))
}

macro_rules! lenient {
    ($($value:ty),*) => {$(
        impl<'de> Deserialize<'de> for $value {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                lenient(deserializer)
            }
        }
    )*};
}
lenient!(TimeoutSeconds, Age, QueryRate, ShareLimits, AtLeastOne, Flag, TopCount, LeastCount);

/// A number of workers: 1 to 1024.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AtLeastOne(pub u16);

impl FromStr for AtLeastOne {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number @ 1..=1024) => Ok(Self(number)),
            _ => Err(format!("`{text}` is not a number from 1 to 1024")),
        }
    }
}

/// The number of rows to show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TopCount(pub usize);

impl FromStr for TopCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is not a number of owners"))
    }
}

/// A lower limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LeastCount(pub u64);

impl FromStr for LeastCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is not a number of 0 or more"))
    }
}

/// A switch: `true`, and common synonyms in environment variables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Flag(pub bool);

impl FromStr for Flag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" | "yes" | "on" => Ok(Self(true)),
            "false" | "0" | "no" | "off" | "" => Ok(Self(false)),
            _ => Err(format!("`{text}` is neither true nor false")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units() {
        let age = |seconds, bare| Ok(Age { length: Duration::from_secs(seconds), bare });
        assert_eq!("14d".parse(), age(14 * 86_400, false));
        assert_eq!("90".parse(), age(90, true));
        assert_eq!("90s".parse(), age(90, false));
        assert_eq!("2w".parse(), age(1_209_600, false));
        assert_eq!("1d12h".parse(), age(129_600, false), "as --since takes it");
        for bad in ["", "d", "14y", "-1d", "1.5h", "2d ago", "99999999999999999999w"] {
            assert!(bad.parse::<Age>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_few_bare_seconds_are_doubted() {
        let doubt = |text: &str| text.parse::<Age>().unwrap().doubt();
        assert_eq!(doubt("14").as_deref(), Some("`--max-age 14` is 14 seconds: write 14d for days"));
        for meant in ["14s", "14d", "0", "3600", "86400"] {
            assert_eq!(doubt(meant), None, "{meant}");
        }
    }

    #[test]
    fn a_timeout_is_above_nothing() {
        assert_eq!("0.5".parse(), Ok(TimeoutSeconds(Duration::from_millis(500))));
        for bad in ["0", "-1", "inf", "NaN", "x", "1e9"] {
            assert!(bad.parse::<TimeoutSeconds>().is_err(), "{bad}");
        }
    }

    #[test]
    fn shares_and_rates_stay_in_range() {
        assert_eq!("32,128".parse(), Ok(ShareLimits(32, 128)));
        for bad in ["33,48", "24", "24,129", "a,b", "24,48,64"] {
            assert!(bad.parse::<ShareLimits>().is_err(), "{bad}");
        }
        assert_eq!("0".parse(), Ok(QueryRate(0.0)));
        assert!("-1".parse::<QueryRate>().is_err());
    }
}
