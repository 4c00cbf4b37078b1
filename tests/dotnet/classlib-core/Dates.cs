// DateTime, DateTimeOffset, TimeSpan, DateOnly, TimeOnly, calendars, time zones that need no database.
using System.Globalization;
using Cermet.Testing;

internal static class Dates
{
    private static readonly CultureInfo s_inv = CultureInfo.InvariantCulture;

    public static void All()
    {
        Suite.Case("date/arithmetic", () =>
        {
            DateTime d = new(2024, 2, 29, 13, 14, 15, DateTimeKind.Utc);
            Check.Equal("2025-02-28", d.AddYears(1).ToString("yyyy-MM-dd", s_inv));
            Check.Equal(new DateTime(2024, 3, 31), new DateTime(2024, 1, 31).AddMonths(2));
            Check.Equal(new DateTime(2024, 2, 29), new DateTime(2024, 1, 31).AddMonths(1));
            Check.Equal(366, (new DateTime(2025, 1, 1) - new DateTime(2024, 1, 1)).Days);
            Check.Equal(DayOfWeek.Thursday, d.DayOfWeek);
            Check.Equal(60, d.DayOfYear);
            Check.That(DateTime.IsLeapYear(2000) && !DateTime.IsLeapYear(1900));
            Check.Equal(29, DateTime.DaysInMonth(2024, 2));
            Check.Throws<ArgumentOutOfRangeException>(() => new DateTime(2023, 2, 29));
            Check.Throws<ArgumentOutOfRangeException>(() => DateTime.MaxValue.AddDays(1));
        });
        Suite.Case("date/format", () =>
        {
            DateTime d = new(2024, 2, 9, 13, 4, 5, 678, DateTimeKind.Utc);
            Check.Equal("2024-02-09T13:04:05.6780000Z", d.ToString("O", s_inv));
            Check.Equal("Fri, 09 Feb 2024 13:04:05 GMT", d.ToString("R", s_inv));
            Check.Equal("2024-02-09 13:04:05Z", d.ToString("u", s_inv));
            Check.Equal("2024-02-09T13:04:05", d.ToString("s", s_inv));
            Check.Equal("02/09/2024 13:04:05", d.ToString(s_inv));
            Check.Equal("Friday, 09 February 2024", d.ToString("D", s_inv));
            Check.Equal("Fri 9 Feb 24 1:04 PM .678", d.ToString("ddd d MMM yy h:mm tt .fff", s_inv));
            Check.Equal("13h 04' A.D.", d.ToString("HH'h' mm\\' g", s_inv));
        });
        Suite.Case("date/parse", () =>
        {
            Check.Equal(new DateTime(2024, 2, 9, 13, 4, 5), DateTime.Parse("2024-02-09 13:04:05", s_inv));
            Check.Equal(new DateTime(2024, 2, 9), DateTime.Parse("9 February 2024", s_inv));
            Check.Equal(new DateTime(2024, 2, 9, 12, 0, 0, DateTimeKind.Utc), DateTime.Parse("2024-02-09T13:00:00+01:00", s_inv, DateTimeStyles.AdjustToUniversal));
            Check.Equal(new DateTime(2024, 12, 31), DateTime.ParseExact("31.12.2024", "dd.MM.yyyy", s_inv));
            Check.That(!DateTime.TryParse("2024-13-01", s_inv, out _) && !DateTime.TryParseExact("1.1.2024", "dd.MM.yyyy", s_inv, DateTimeStyles.None, out _));
            DateTime d = new(638_000_000_123_456_789, DateTimeKind.Utc);
            Check.Equal(d, DateTime.Parse(d.ToString("O"), s_inv, DateTimeStyles.RoundtripKind));
            Check.Throws<FormatException>(() => DateTime.Parse("not a date", s_inv));
        });
        Suite.Case("date/ticks-and-unix", () =>
        {
            Check.Equal(621_355_968_000_000_000, DateTime.UnixEpoch.Ticks);
            Check.Equal(1_707_483_845L, new DateTimeOffset(2024, 2, 9, 13, 4, 5, TimeSpan.Zero).ToUnixTimeSeconds());
            Check.Equal(new DateTime(2001, 9, 9, 1, 46, 40), DateTimeOffset.FromUnixTimeSeconds(1_000_000_000).UtcDateTime);
            DateTime d = DateTime.UtcNow;
            Check.Equal(d, DateTime.FromBinary(d.ToBinary()));
            Check.Equal(0L, DateTime.MinValue.Ticks);
        });
        Suite.Case("date/offset", () =>
        {
            DateTimeOffset a = new(2024, 2, 9, 13, 0, 0, TimeSpan.FromHours(2)), b = new(2024, 2, 9, 11, 0, 0, TimeSpan.Zero);
            Check.That(a == b && !a.EqualsExact(b) && a.GetHashCode() == b.GetHashCode());
            Check.Equal("2024-02-09T13:00:00.0000000+02:00", a.ToString("O", s_inv));
            Check.Equal(8, a.ToOffset(TimeSpan.FromHours(-3)).Hour);
            Check.Equal(a, DateTimeOffset.Parse("2024-02-09 13:00 +02:00", s_inv));
        });
        Suite.Case("date/time-span", () =>
        {
            TimeSpan t = new(1, 2, 3, 4, 5);
            Check.Equal("1.02:03:04.0050000", t.ToString());
            Check.Equal("1:2:03:04.005", t.ToString("g", s_inv));
            Check.Equal("02h03", t.ToString("hh'h'mm", s_inv));
            Check.Equal(93784.005, t.TotalSeconds);
            Check.Equal(new TimeSpan(-1, -2, -3, -4, -5), -t);
            Check.Equal(TimeSpan.FromMinutes(90), TimeSpan.Parse("01:30", s_inv));
            Check.Equal(TimeSpan.FromDays(2.5), TimeSpan.FromHours(60));
            Check.Equal(TimeSpan.FromMilliseconds(1500), TimeSpan.FromSeconds(1, 500));
            Check.Equal(1.5, TimeSpan.FromHours(3) / TimeSpan.FromHours(2));
            Check.Throws<OverflowException>(() => GC.KeepAlive(TimeSpan.MaxValue + TimeSpan.FromTicks(1)));
        });
        Suite.Case("date/date-only-and-time-only", () =>
        {
            DateOnly d = new(2024, 2, 28);
            Check.Equal(new DateOnly(2024, 3, 1), d.AddDays(2));
            Check.Equal("02/28/2024", d.ToString(s_inv));
            Check.Equal(d, DateOnly.FromDayNumber(d.DayNumber));
            TimeOnly t = new(23, 30);
            Check.Equal(new TimeOnly(0, 15), t.AddMinutes(45, out int days));
            Check.Equal(1, days);
            Check.That(t.IsBetween(new TimeOnly(22, 0), new TimeOnly(2, 0)));
            Check.Equal(new DateTime(2024, 2, 28, 23, 30, 0), d.ToDateTime(t));
        });
        Suite.Case("date/calendars", () =>
        {
            Check.Equal(1, ISOWeek.GetWeekOfYear(new DateTime(2024, 12, 30)));
            Check.Equal(new DateTime(2024, 1, 1), ISOWeek.ToDateTime(2024, 1, DayOfWeek.Monday));
            Check.Equal(53, s_inv.Calendar.GetWeekOfYear(new DateTime(2024, 12, 31), CalendarWeekRule.FirstDay, DayOfWeek.Sunday));
            Check.Equal(5784, new HebrewCalendar().GetYear(new DateTime(2024, 2, 9)));
            Check.Equal(2567, new ThaiBuddhistCalendar().GetYear(new DateTime(2024, 2, 9)));
            Check.Equal("September", s_inv.DateTimeFormat.GetMonthName(9));
        });
        Suite.Case("date/time-zones", () =>
        {
            DateTime utc = new(2024, 7, 1, 12, 0, 0, DateTimeKind.Utc);
            TimeZoneInfo zone = TimeZoneInfo.CreateCustomTimeZone("Test", TimeSpan.FromHours(5.5), "Test", "Test");
            Check.Equal(new DateTime(2024, 7, 1, 17, 30, 0), TimeZoneInfo.ConvertTimeFromUtc(utc, zone));
            Check.Equal(utc, TimeZoneInfo.ConvertTimeToUtc(new DateTime(2024, 7, 1, 17, 30, 0), zone));
            Check.Equal("UTC", TimeZoneInfo.Utc.Id);
            Check.Throws<TimeZoneNotFoundException>(() => TimeZoneInfo.FindSystemTimeZoneById("No/Such"));
            Check.Equal(utc, TimeZoneInfo.ConvertTimeToUtc(TimeZoneInfo.ConvertTimeFromUtc(utc, TimeZoneInfo.Local), TimeZoneInfo.Local));
        });
        Suite.Case("date/daylight-rules", () =>
        {
            TimeZoneInfo.AdjustmentRule rule = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday), TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday));
            TimeZoneInfo zone = TimeZoneInfo.CreateCustomTimeZone("DST", TimeSpan.FromHours(1), "DST", "Standard", "Daylight", [rule]);
            Check.Equal(2.0, zone.GetUtcOffset(new DateTime(2024, 7, 1)).TotalHours);
            Check.Equal(1.0, zone.GetUtcOffset(new DateTime(2024, 1, 1)).TotalHours);
            Check.That(zone.IsInvalidTime(new DateTime(2024, 3, 31, 2, 30, 0)) && zone.IsAmbiguousTime(new DateTime(2024, 10, 27, 2, 30, 0)));
        });
    }
}
