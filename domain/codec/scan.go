package codec

import "time"

// Scanner reads data member by member, in the order in which Encode writes them: that
// is several times faster than a decoder that looks at types. Anything else is a
// failure, and is left to the decoder: escaped or non-ASCII text, other members,
// another order. After a failure everything is empty.
type Scanner struct {
	rest    []byte
	isFirst bool // no member of the object has been read
	failed  bool
}

// Scan begins to read an object.
func Scan(data []byte) Scanner {
	s := Scanner{rest: data}
	s.Open()
	return s
}

// End reports whether the object has ended, with all that was expected in it.
func (s *Scanner) End() bool {
	s.Close()
	return !s.failed && len(s.rest) == 0
}

// Fail makes the scan fail: a value is not what it may be.
func (s *Scanner) Fail() { s.failed, s.rest = true, nil }

// Text reads a member that is there.
func (s *Scanner) Text(name string) string {
	if !s.Has(name) {
		s.Fail()
	}
	return string(s.text())
}

// OptionalText reads a member that may be left out.
func (s *Scanner) OptionalText(name string) string {
	if !s.Has(name) {
		return ""
	}
	return string(s.text())
}

// OptionalTime reads a time in UTC; the zero time if it is left out.
func (s *Scanner) OptionalTime(name string) (t time.Time) {
	if !s.Has(name) {
		return t
	}
	text := s.text()
	const layout = "2006-01-02T15:04:05Z"
	if len(text) < len(layout) || text[13] != ':' || text[len(text)-1] != 'Z' || t.UnmarshalText(text) != nil {
		s.Fail() // UnmarshalText alone takes an hour of one digit
	}
	return t
}

// Open begins the object that is the value of a member.
func (s *Scanner) Open() {
	s.expect("{")
	s.isFirst = true
}

// Close ends an object.
func (s *Scanner) Close() {
	s.expect("}")
	s.isFirst = false
}

// OpenList begins the list that is the value of a member.
func (s *Scanner) OpenList() { s.expect("[") }

// Next reports whether a list that has one element more goes on, and otherwise
// ends it.
func (s *Scanner) Next() bool {
	if len(s.rest) > 0 && s.rest[0] == ',' {
		s.rest = s.rest[1:]
		return true
	}
	s.expect("]")
	return false
}

// Has reports whether a member comes next, and goes to its value.
func (s *Scanner) Has(name string) bool {
	rest := s.rest
	if !s.isFirst {
		if len(rest) == 0 || rest[0] != ',' {
			return false
		}
		rest = rest[1:]
	}
	end := len(name) + len(`"":`)
	if len(rest) < end || rest[0] != '"' || string(rest[1:1+len(name)]) != name || string(rest[1+len(name):end]) != `":` {
		return false
	}
	s.rest, s.isFirst = rest[end:], false
	return true
}

func (s *Scanner) expect(literal string) {
	if len(s.rest) < len(literal) || string(s.rest[:len(literal)]) != literal {
		s.Fail()
		return
	}
	s.rest = s.rest[len(literal):]
}

// text reads a string. It points into the data.
func (s *Scanner) text() []byte {
	s.expect(`"`)
	for i, c := range s.rest {
		switch {
		case c == '"':
			text := s.rest[:i]
			s.rest = s.rest[i+1:]
			return text
		case c < 0x20 || c >= 0x7f || c == '\\':
			s.Fail()
			return nil
		}
	}
	s.Fail()
	return nil
}
