//! From the registers of the battery-backed clock to seconds since 1970.

/// The registers, as they are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fields {
    pub(crate) seconds: u8,
    pub(crate) minutes: u8,
    pub(crate) hours: u8,
    pub(crate) day: u8,
    pub(crate) month: u8,
    pub(crate) year: u8,
}

/// Status register B: numbers are binary, not decimal digits; hours count to 24, not twice to 12.
const BINARY: u8 = 1 << 2;
const DAY_OF_24: u8 = 1 << 1;
/// In 12-hour form: the afternoon.
const AFTERNOON: u8 = 0x80;

/// Seconds since 1970-01-01T00:00:00Z, for a year from 2000 to 2099; `status` is register B.
pub(crate) fn seconds(fields: &Fields, status: u8) -> u64 {
    let number = |value: u8| {
        u64::from(if status & BINARY != 0 { value } else { (value >> 4) * 10 + (value & 15) })
    };
    let mut hours = number(fields.hours & !AFTERNOON);
    if status & DAY_OF_24 == 0 {
        hours = hours % 12 + if fields.hours & AFTERNOON != 0 { 12 } else { 0 };
    }
    let (year, month, day) = (number(fields.year), number(fields.month), number(fields.day));
    // Between 2000 and 2099 every fourth year is a leap year. Years begin in March here, so that the
    // leap day is the last of a year; 0000-03-01 is 719_468 days before
    // 1970-01-01.
    let (year, month) = if month > 2 { (2000 + year, month - 3) } else { (1999 + year, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day.max(1) - 1;
    (days - 719_468) * 86_400 + hours * 3_600 + number(fields.minutes) * 60 + number(fields.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(year: u8, month: u8, day: u8, hours: u8, minutes: u8, seconds: u8) -> Fields {
        Fields { seconds, minutes, hours, day, month, year }
    }

    #[test]
    fn digits_and_binary_agree() {
        let digits = fields(0x26, 0x11, 0x21, 0x02, 0x56, 0x29);
        let binary = fields(26, 11, 21, 2, 56, 29);
        assert_eq!(seconds(&digits, DAY_OF_24), 1_795_229_789);
        assert_eq!(seconds(&binary, DAY_OF_24 | BINARY), 1_795_229_789);
    }

    #[test]
    fn leap_days_count() {
        let status = DAY_OF_24 | BINARY;
        let day = |year, month, day| seconds(&fields(year, month, day, 0, 0, 0), status) / 86_400;
        assert_eq!(day(0, 1, 1), 10_957);
        assert_eq!(day(0, 3, 1) - day(0, 2, 28), 2);
        assert_eq!(day(1, 3, 1) - day(1, 2, 28), 1);
        assert_eq!(day(24, 2, 29), 19_782);
        assert_eq!(day(99, 12, 31) - day(99, 1, 1), 364);
    }

    #[test]
    fn noon_and_midnight_in_twelve_hours() {
        let at = |hours| seconds(&fields(0, 1, 1, hours, 0, 0), BINARY) % 86_400 / 3_600;
        assert_eq!(at(12), 0);
        assert_eq!(at(12 | AFTERNOON), 12);
        assert_eq!(at(1 | AFTERNOON), 13);
        assert_eq!(at(11), 11);
    }
}
