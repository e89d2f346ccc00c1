package main

import (
	"fmt"
	"os"
	"strings"

	"daybook/projections/redismodel"
)

const redisVariable = "DAYBOOK_REDIS"

// redisFlag is shared by all commands that open read models in Redis.
type redisFlag struct {
	Redis       string `help:"Where the read models are kept: redis://host:6379/0, rediss:// with TLS; parameters master_name of a Sentinel, or cluster=true. With a password it must come from ${env} or the file in ${env}_FILE. Without it they are in memory." placeholder:"URL"`
	RedisPrefix string `help:"Beginning of every key, with a part in braces that keeps all on one node of a cluster (${default})." default:"{daybook}" placeholder:"PREFIX"`
	RedisCA     string `help:"Certificates of who signed that of Redis, if the system does not know them." type:"path" placeholder:"FILE"`
}

// AfterApply takes the URL from a file, and refuses one with a password that
// other users of the machine see in the command line.
func (f *redisFlag) AfterApply() error {
	if path := os.Getenv(redisVariable + fileSuffix); path != "" {
		if f.Redis != "" {
			return fmt.Errorf("both %s%s and another place say where Redis is: unset one", redisVariable, fileSuffix)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s%s: %w", redisVariable, fileSuffix, err)
		}
		f.Redis = strings.TrimSpace(string(content))
		if f.Redis == "" {
			return fmt.Errorf("%s%s: %s is empty", redisVariable, fileSuffix, path)
		}
		return nil
	}
	if f.Redis != "" && f.Redis != os.Getenv(redisVariable) && redismodel.HasPassword(f.Redis) {
		return fmt.Errorf("--redis takes a URL such as redis://host:6379/0 without a password, which other users of the machine would see: for one with a password set %s, or %s%s to a file that has it", redisVariable, redisVariable, fileSuffix)
	}
	return nil
}

// open prepares the store, without reaching for it.
func (f *redisFlag) open() (*redismodel.Store, error) {
	store, err := redismodel.Connect(redismodel.Options{URL: f.Redis, Prefix: f.prefix(), CAFile: f.RedisCA})
	if err != nil {
		return nil, fmt.Errorf("--redis: %w", err)
	}
	return store, nil
}

func (f *redisFlag) prefix() string { return f.RedisPrefix }

// isSet reports whether read models are in Redis.
func (f *redisFlag) isSet() bool { return f.Redis != "" }
