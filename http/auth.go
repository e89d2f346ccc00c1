package httpapi

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"daybook/domain/ident"
)

// Role is what a token may do.
type Role string

// The roles. An operator may do what the others may.
const (
	Website  Role = "website"
	Auditor  Role = "auditor"
	Operator Role = "operator"
)

// Identity is who a token belongs to.
type Identity struct {
	Role Role
	Name string
}

// Actor is the identity as events name it: website:shop.
func (i Identity) Actor() string { return string(i.Role) + ":" + i.Name }

// Tokens are the bearer tokens that are accepted. They are looked up by
// digest, so that the time it takes says nothing about a token.
type Tokens struct {
	identities map[[sha256.Size]byte]Identity
}

// ParseTokens reads role:name:secret, one for each token. Errors name the
// entry by its number and never repeat it.
func ParseTokens(entries []string) (Tokens, error) {
	t := Tokens{identities: make(map[[sha256.Size]byte]Identity, len(entries))}
	if len(entries) == 0 {
		return t, errors.New("no token")
	}
	for i, entry := range entries {
		role, rest, _ := strings.Cut(entry, ":")
		name, secret, _ := strings.Cut(rest, ":")
		switch Role(role) {
		case Website, Auditor, Operator:
		default:
			return t, fmt.Errorf("token %d is not role:name:secret with the role website, auditor or operator", i+1)
		}
		if name == "" || secret == "" {
			return t, fmt.Errorf("token %d is not role:name:secret: the name or the secret is empty", i+1)
		}
		if err := ident.Check(name); err != nil {
			return t, fmt.Errorf("the name of token %d: %w", i+1, err)
		}
		digest := sha256.Sum256([]byte(secret))
		if _, twice := t.identities[digest]; twice {
			return t, fmt.Errorf("token %d has the same secret as another", i+1)
		}
		t.identities[digest] = Identity{Role: Role(role), Name: name}
	}
	return t, nil
}

// Identify returns who has a token, given its name and secret.
func (t Tokens) Identify(name, secret string) (Identity, bool) {
	identity, known := t.identities[sha256.Sum256([]byte(secret))]
	return identity, known && identity.Name == name
}

// authorize returns who asks, if one of the roles allows it.
func (t Tokens) authorize(r *http.Request, roles []Role) (Identity, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	identity, known := t.identities[sha256.Sum256([]byte(strings.TrimSpace(token)))]
	if !strings.EqualFold(scheme, "Bearer") || !known {
		return Identity{}, unauthorized.problem("Send the header Authorization: Bearer <secret> with the secret of one of the tokens in DAYBOOK_TOKENS.", nil)
	}
	if identity.Role == Operator {
		return identity, nil
	}
	for _, role := range roles {
		if identity.Role == role {
			return identity, nil
		}
	}
	return Identity{}, forbidden.problem(fmt.Sprintf("The role %s may not do this.", identity.Role), nil)
}
