package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schedule is a set of weekly periods, in the local time of a time zone. It is
// immutable; nil is always active.
type Schedule struct {
	periods []period
	zone    *time.Location
}

// NewSchedule parses periods such as "mon-fri 18:00-07:00", "Sa,Su 00:00-24:00" or
// "22:00-06:00". The schedule is active within each of them.
func NewSchedule(periods []string, zone *time.Location) (*Schedule, error) {
	s := &Schedule{zone: zone}
	for _, text := range periods {
		p, err := parsePeriod(text)
		if err != nil {
			return nil, err
		}
		s.periods = append(s.periods, p)
	}
	return s, nil
}

// Has reports whether time t is within the schedule. An hour skipped by daylight saving
// time is never in it; a repeated hour is in it twice.
func (s *Schedule) Has(t time.Time) bool {
	if s == nil {
		return true
	}
	t = t.In(s.zone)
	return slices.ContainsFunc(s.periods, func(p period) bool { return p.has(t) })
}

// period is a daily period on some days of the week.
type period struct {
	days     [7]bool // days on which it begins, by time.Weekday
	from, to int     // minutes of the day; if from >= to it ends on the next day
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// day returns the weekday for a name or its first two or three letters, or -1.
func day(name string) int {
	return slices.IndexFunc(dayNames, func(day string) bool { return name == day || name == day[:2] })
}

func parsePeriod(text string) (p period, err error) {
	wrong := fmt.Errorf("%q is not a period; write days and hours, as in \"mon-fri 18:00-07:00\", \"sat,sun 00:00-24:00\" or \"22:00-06:00\"", text)
	fields := strings.Fields(strings.ToLower(text))
	switch len(fields) {
	case 1:
		fields = []string{"sun-sat", fields[0]}
	case 2:
	default:
		return p, wrong
	}
	for part := range strings.SplitSeq(fields[0], ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, b := day(first), day(last)
		if !isRange {
			b = a
		}
		if a < 0 || b < 0 {
			return p, wrong
		}
		for d := a; ; d = (d + 1) % 7 {
			p.days[d] = true
			if d == b {
				break
			}
		}
	}
	from, to, ok := strings.Cut(fields[1], "-")
	p.from, p.to = minutes(from), minutes(to)
	if !ok || p.from < 0 || p.to < 0 || p.from == 24*60 || p.from == p.to {
		return p, wrong
	}
	return p, nil
}

// minutes returns the minute of the day for a time such as "18:00", up to 24:00, or -1.
func minutes(text string) int {
	hour, minute, ok := strings.Cut(text, ":")
	h, err1 := strconv.ParseUint(hour, 10, 8)
	m, err2 := strconv.ParseUint(minute, 10, 8)
	if !ok || err1 != nil || err2 != nil || len(minute) != 2 || m > 59 || h*60+m > 24*60 {
		return -1
	}
	return int(h*60 + m)
}

func (p period) has(t time.Time) bool {
	at, day := t.Hour()*60+t.Minute(), t.Weekday()
	if p.from < p.to {
		return p.days[day] && at >= p.from && at < p.to
	}
	return p.days[day] && at >= p.from || p.days[(day+6)%7] && at < p.to
}
