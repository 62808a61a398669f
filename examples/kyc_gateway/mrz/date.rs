//! Calendar days, as far as identity documents need them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the Gregorian calendar that exists; travels as `2012-04-15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Date {
    // In this order, so that the derived order is the calendar's.
    year: i32,
    month: i32,
    day: i32,
}

impl Date {
    /// The day, if it exists.
    pub fn new(year: i32, month: i32, day: i32) -> Option<Self> {
        (day >= 1 && day <= days_in_month(year, month)).then_some(Self { year, month, day })
    }

    /// Today, in UTC.
    pub fn today() -> Self {
        // A clock set before 1970 is broken; it reads as the first day instead of stopping the service.
        let seconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        Self::from_days_since_1970(i32::try_from(seconds / 86_400).unwrap_or(0))
    }

    /// The birth that `year` (two digits) can mean on the day `today`: the latest that is not in the future.
    pub fn of_birth(year: i32, month: i32, day: i32, today: Self) -> Option<Self> {
        let this_century = today.year - today.year.rem_euclid(100);
        let recent = Self::new(this_century + year, month, day);
        // The same two digits a hundred years apart may differ in whether 29 February exists, so each is tried.
        recent
            .filter(|birth| *birth <= today)
            .or_else(|| Self::new(this_century - 100 + year, month, day))
    }

    /// The expiry that `year` (two digits) can mean on the day `today`: the one within fifty years of it.
    pub fn of_expiry(year: i32, month: i32, day: i32, today: Self) -> Option<Self> {
        let ahead = (year - today.year).rem_euclid(100);
        let years_from_now = if ahead < 50 { ahead } else { ahead - 100 };
        Self::new(today.year + years_from_now, month, day)
    }

    /// Whole years from this day to `later`.
    pub fn years_until(self, later: Self) -> i32 {
        let birthday_to_come = (later.month, later.day) < (self.month, self.day);
        later.year - self.year - i32::from(birthday_to_come)
    }

    pub fn year(self) -> i32 {
        self.year
    }

    /// Six digits, as a machine-readable zone writes a date.
    pub fn yymmdd(self) -> String {
        format!("{:02}{:02}{:02}", self.year.rem_euclid(100), self.month, self.day)
    }

    fn from_days_since_1970(mut days: i32) -> Self {
        let (mut year, mut month) = (1970, 1);
        // A loop over some hundred months is quick enough for a clock that is read once per document.
        while days >= days_in_month(year, month) {
            days -= days_in_month(year, month);
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        Self {
            year,
            month,
            day: days + 1,
        }
    }
}

/// 0 where there is no such month.
fn days_in_month(year: i32, month: i32) -> i32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut parts = text.splitn(3, '-');
        let mut next = || parts.next().and_then(|part| part.parse().ok());
        let date = (|| Self::new(next()?, next()?, next()?))();
        date.ok_or_else(|| format!("expected a day such as 2012-04-15, found {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: i32, day: i32) -> Date {
        Date::new(year, month, day).unwrap()
    }

    #[test]
    fn only_days_that_exist() {
        assert!(Date::new(2024, 2, 29).is_some());
        assert!(Date::new(2000, 2, 29).is_some());
        assert!(Date::new(1900, 2, 29).is_none());
        assert!(Date::new(2023, 2, 29).is_none());
        assert!(Date::new(2023, 4, 31).is_none());
        assert!(Date::new(2023, 0, 1).is_none());
        assert!(Date::new(2023, 13, 1).is_none());
        assert!(Date::new(2023, 1, 0).is_none());
    }

    #[test]
    fn days_since_1970() {
        assert_eq!(Date::from_days_since_1970(0), day(1970, 1, 1));
        assert_eq!(Date::from_days_since_1970(11_016), day(2000, 2, 29));
        assert_eq!(Date::from_days_since_1970(19_723), day(2024, 1, 1));
        assert!(Date::today() >= day(2024, 1, 1));
    }

    #[test]
    fn a_birth_is_never_in_the_future() {
        let today = day(2026, 6, 15);
        assert_eq!(Date::of_birth(74, 8, 12, today), Some(day(1974, 8, 12)));
        assert_eq!(Date::of_birth(26, 6, 15, today), Some(today));
        assert_eq!(Date::of_birth(26, 6, 16, today), Some(day(1926, 6, 16)));
        // 2000 was a leap year and 1900 was not.
        assert_eq!(Date::of_birth(0, 2, 29, today), Some(day(2000, 2, 29)));
        assert_eq!(Date::of_birth(0, 2, 29, day(2099, 1, 1)), Some(day(2000, 2, 29)));
        assert_eq!(Date::of_birth(96, 2, 29, today), Some(day(1996, 2, 29)));
    }

    #[test]
    fn an_expiry_is_within_fifty_years() {
        let today = day(2026, 6, 15);
        assert_eq!(Date::of_expiry(12, 4, 15, today), Some(day(2012, 4, 15)));
        assert_eq!(Date::of_expiry(36, 1, 1, today), Some(day(2036, 1, 1)));
        assert_eq!(Date::of_expiry(75, 12, 31, today), Some(day(2075, 12, 31)));
        assert_eq!(Date::of_expiry(76, 1, 1, today), Some(day(1976, 1, 1)));
        assert_eq!(Date::of_expiry(1, 1, 1, day(2098, 1, 1)), Some(day(2101, 1, 1)));
    }

    #[test]
    fn years_count_from_birthday_to_birthday() {
        let birth = day(2008, 3, 10);
        assert_eq!(birth.years_until(day(2026, 3, 9)), 17);
        assert_eq!(birth.years_until(day(2026, 3, 10)), 18);
    }

    #[test]
    fn text_and_back() {
        let date = day(2012, 4, 5);
        assert_eq!(String::from(date), "2012-04-05");
        assert_eq!(Date::try_from("2012-04-05".to_owned()), Ok(date));
        assert_eq!(date.yymmdd(), "120405");
        for wrong in ["", "2012-04", "2012-04-31", "2012-04-05-06", "-2012-04-05", "x"] {
            assert!(Date::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
