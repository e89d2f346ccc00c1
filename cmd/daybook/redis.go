package main

import (
	"fmt"

	"daybook/projections/redismodel"
)

// redisFlag is shared by all commands that open read models in Redis.
type redisFlag struct {
	Redis       string `help:"Where the read models are kept: redis://host:6379/0, rediss:// with TLS; parameters master_name of a Sentinel, or cluster=true. With a password it must come from ${env} or the file in ${env}_FILE. Without it they are in memory." placeholder:"URL" infile:"redis"`
	RedisPrefix string `help:"Beginning of every key, with a part in braces that keeps all on one node of a cluster (${default})." default:"{daybook}" placeholder:"PREFIX"`
	RedisCA     string `help:"Certificates of who signed that of Redis, if the system does not know them." type:"path" placeholder:"FILE"`
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
