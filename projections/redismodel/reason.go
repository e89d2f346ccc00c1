package redismodel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// reasons are what an answer of Redis that begins so, behind ERR, means, and what to do. They
// are told to anybody who asks whether reads are current, and name nothing.
var reasons = []struct{ answer, reason string }{
	{"NOPERM", "The user of Redis lacks a right: compare ACL LOG with the line of rights in README."},
	{"The user executing the script", "The user of Redis lacks a right: compare ACL LOG with the line of rights in README."},
	{"NOAUTH", "Redis wants a password: put it into DAYBOOK_REDIS_FILE."},
	{"WRONGPASS", "Redis refuses the user or the password in DAYBOOK_REDIS or DAYBOOK_REDIS_FILE."},
	{"invalid password", "Redis refuses the password in DAYBOOK_REDIS or DAYBOOK_REDIS_FILE."},
	{"DB index is out of range", "Redis has no database of the number in --redis: use another one, or raise databases in redis.conf."},
	{"invalid DB index", "Redis has no database of the number in --redis."},
	{"SELECT is not allowed in cluster mode", "A Redis Cluster has no database but 0: leave the number out of --redis."},
	{"This instance has cluster support disabled", "This Redis is no cluster: leave cluster=true out of --redis."},
	{"MOVED", "This Redis is a node of a cluster: add cluster=true to --redis."},
	{"CLUSTERDOWN", "The Redis Cluster is down: see CLUSTER INFO."},
	{"OOM", "Redis is full: raise maxmemory."},
	{"EXECABORT", "Redis is full, or is loading its files: see maxmemory."},
	{"READONLY", "This Redis is a replica: let --redis name the master, or go through a Sentinel."},
	{"LOADING", "Redis is loading its files."},
	{"MASTERDOWN", "This Redis is a replica that has lost its master."},
	{"NOREPLICAS", "Redis has fewer replicas than min-replicas-to-write wants."},
	{"MISCONF", "Redis cannot save to its disk, and takes no writes until it can."},
	{"BUSY", "Redis is busy with somebody's script."},
	{"max number of clients", "Redis takes no more connections: raise maxclients."},
}

// reasonOf returns why Redis cannot be used, for who may not see its answer.
func reasonOf(err error) string {
	var answer redis.Error
	if errors.As(err, &answer) {
		text := strings.TrimPrefix(strings.TrimPrefix(answer.Error(), "UNUSABLE "), "ERR ")
		for _, r := range reasons {
			if strings.HasPrefix(text, r.answer) {
				return r.reason
			}
		}
	}
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.Is(err, ErrEvicts):
		return "Redis evicts keys: set maxmemory-policy noeviction."
	case isTLS(err):
		return "There is no TLS connection to Redis: see rediss:// and --redis-ca."
	case strings.Contains(err.Error(), "sentinel"): // go-redis has no type for it
		return "No Sentinel answers that knows a master by the master_name in --redis."
	case strings.Contains(err.Error(), "cluster has no nodes"):
		return "No node of the Redis Cluster answers."
	case errors.As(err, &name):
		return "The name of the host in --redis cannot be looked up."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "Redis does not answer in time: is it overloaded, or without TLS while --redis says rediss://?"
	case errors.As(err, &network):
		return "Redis cannot be connected to: does it run, at the address in --redis?"
	}
	return "Redis does not answer as it should."
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var alert tls.AlertError
	return errors.As(err, &record) || errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &alert)
}
