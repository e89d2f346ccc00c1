package deposit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/btcutil/base58"
	"github.com/btcsuite/btcd/btcutil/bech32"
)

// ErrAddress is wrapped by every error of ParseAddress. The errors do not repeat
// the text, because whose address it is may be personal.
var ErrAddress = errors.New("not a Bitcoin address")

// The versions of addresses in base58check on the main network.
const (
	payToKeyHash    = 0x00 // begins with 1
	payToScriptHash = 0x05 // begins with 3
)

// maxAddressBytes bounds an address (BIP 173). Reading base58 takes time that
// grows with the square of the length.
const maxAddressBytes = 90

// segwit is the human-readable part of bech32 addresses on the main network.
const segwit = "bc"

// ParseAddress checks an address of Bitcoin's main network and returns the one
// text of it: bech32 addresses in lower case (BIP 173), all others as they are,
// because in base58 the case matters. Nothing is trimmed or corrected. Addresses
// of test networks are refused: anybody can make such coins, and the ledger would
// count them as bitcoin.
func ParseAddress(text string) (string, error) {
	if len(text) > maxAddressBytes {
		return "", fmt.Errorf("%w: longer than %d bytes", ErrAddress, maxAddressBytes)
	}
	if lower := strings.ToLower(text); strings.HasPrefix(lower, segwit+"1") {
		if err := checkSegwit(text); err != nil {
			return "", fmt.Errorf("%w: %w", ErrAddress, err)
		}
		return lower, nil
	}
	payload, version, err := base58.CheckDecode(text)
	switch {
	case errors.Is(err, base58.ErrChecksum):
		return "", fmt.Errorf("%w: the checksum does not fit", ErrAddress)
	case err != nil:
		return "", fmt.Errorf("%w: neither base58check nor bech32 of the main network", ErrAddress)
	case version != payToKeyHash && version != payToScriptHash || len(payload) != 20:
		return "", fmt.Errorf("%w: of another network", ErrAddress)
	}
	return text, nil
}

// checkSegwit checks an address of a witness program (BIP 173, BIP 350).
func checkSegwit(text string) error {
	part, data, encoding, err := bech32.DecodeGeneric(text)
	if err != nil || part != segwit || len(data) == 0 {
		return errors.New("the checksum or the characters do not fit bech32")
	}
	program, err := bech32.ConvertBits(data[1:], 5, 8, false)
	if err != nil {
		return errors.New("the witness program has bits to spare")
	}
	version, size := data[0], len(program)
	switch {
	case version > 16 || size < 2 || size > 40:
		return errors.New("no witness program has this version and length")
	case version == 0 && (encoding != bech32.Version0 || size != 20 && size != 32):
		return errors.New("version 0 is 20 or 32 bytes in bech32")
	case version > 0 && encoding != bech32.VersionM:
		return errors.New("versions from 1 on are in bech32m")
	}
	return nil
}
