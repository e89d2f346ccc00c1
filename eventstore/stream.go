package eventstore

import (
	"fmt"
	"strings"
)

// MaxStreamNameBytes bounds a stream name: a category and an id of 128 bytes
// with every byte percent-encoded fit in.
const MaxStreamNameBytes = 512

// StreamName is category-id: a lower-case category without hyphen, and an id
// of unreserved characters (RFC 3986: letters, digits, . _ ~ -) and
// percent-encoded bytes.
type StreamName string

// ParseStreamName checks a name that comes from outside.
func ParseStreamName(text string) (StreamName, error) {
	name := StreamName(text)
	if err := name.Check(); err != nil {
		return "", err
	}
	return name, nil
}

// Category returns the part before the first hyphen.
func (s StreamName) Category() string {
	category, _, _ := strings.Cut(string(s), "-")
	return category
}

// ID returns the part behind the first hyphen, still encoded.
func (s StreamName) ID() string {
	_, id, _ := strings.Cut(string(s), "-")
	return id
}

// Check reports what is wrong with the name, if anything.
func (s StreamName) Check() error {
	category, id, found := strings.Cut(string(s), "-")
	if !found || category == "" || id == "" || len(s) > MaxStreamNameBytes {
		return fmt.Errorf("stream name %.80q is not category-id of at most %d bytes", string(s), MaxStreamNameBytes)
	}
	for i := range len(category) {
		if c := category[i]; c < 'a' || c > 'z' {
			return fmt.Errorf("stream name %.80q: the category is not in lower-case letters", string(s))
		}
	}
	for i := range len(id) {
		if !isIDByte(id[i]) {
			return fmt.Errorf("stream name %.80q: byte %#x of the id is not percent-encoded", string(s), id[i])
		}
	}
	return nil
}

func isIDByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("._~-%", c) >= 0
}
