package hook0

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sign returns the value of Header for an attempt at a time, as Coinbase sends it: v0,
// and v1 if it is to cover headers. Names are written in lower case, in the given order.
func Sign(secret string, at time.Time, header http.Header, body []byte, covered ...string) (string, error) {
	if secret == "" {
		return "", errEmpty
	}
	key, moment := []byte(secret), strconv.FormatInt(at.Unix(), 10)
	text := "t=" + moment + ",v0=" + hex.EncodeToString(compute(key, V0, moment, nil, nil, body))
	if len(covered) == 0 {
		return text, nil
	}
	list := strings.ToLower(strings.Join(covered, " "))
	names, ok := headerNames(list)
	if !ok {
		return "", ErrMalformed
	}
	values, _, err := delivered(header, names)
	if err != nil {
		return "", err
	}
	return text + ",h=" + list + ",v1=" + hex.EncodeToString(compute(key, V1, moment, names, values, body)), nil
}

// compute returns the code of a scheme.
func compute(key []byte, scheme Scheme, moment string, names, values []string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, moment+".") // a hash accepts every write
	if scheme == V1 {
		_, _ = io.WriteString(mac, strings.Join(names, " ")+"."+strings.Join(values, ".")+".")
	}
	_, _ = mac.Write(body)
	return mac.Sum(nil)
}
