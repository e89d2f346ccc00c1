package fact

import "time"

const (
	day     = 24 * 60 * 60
	dayText = "2006-01-02T"
)

// Clock appends times in UTC as time.RFC3339Nano writes them. It remembers the
// day: the times that follow each other in a log are mostly of the same.
type Clock struct {
	begins int64 // in seconds since 1970
	text   string
}

// Append appends a time.
func (c *Clock) Append(b []byte, t time.Time) []byte {
	second := t.Unix() - c.begins
	if c.text == "" || second < 0 || second >= day {
		t = t.UTC()
		if year := t.Year(); year < 0 || year > 9999 { // it takes another number of digits
			return t.AppendFormat(b, time.RFC3339Nano)
		}
		c.text = t.Format(dayText)
		hour, minute, s := t.Clock()
		second = int64(hour*3600 + minute*60 + s)
		c.begins = t.Unix() - second
	}
	b = append(b, c.text...)
	b = appendTwo(b, second/3600)
	b = append(b, ':')
	b = appendTwo(b, second/60%60)
	b = append(b, ':')
	b = appendTwo(b, second%60)
	if nanosecond := t.Nanosecond(); nanosecond != 0 {
		b = appendFraction(b, nanosecond)
	}
	return append(b, 'Z')
}

func appendTwo(b []byte, n int64) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// appendFraction appends a point and the digits of nanoseconds, without zeros at
// the end.
func appendFraction(b []byte, nanosecond int) []byte {
	digits := 9
	for ; nanosecond%10 == 0; nanosecond /= 10 {
		digits--
	}
	b = append(b, ".000000000"[:1+digits]...)
	for at := len(b) - 1; nanosecond > 0; at-- {
		b[at] = byte('0' + nanosecond%10)
		nanosecond /= 10
	}
	return b
}
