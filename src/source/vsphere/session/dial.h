/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* How a channel gets its connection: address, TCP, TLS, within the time of the call. */
#ifndef VPERF_SOURCE_VSPHERE_DIAL_H
#define VPERF_SOURCE_VSPHERE_DIAL_H

#include "soapH.h"

/*
 * dial: gSOAP's hook to open a connection (soap->fopen); soap->user is the channel. Unlike gSOAP's
 * own, it ends when a signal comes. Returns the socket, or SOAP_INVALID_SOCKET with the reason as
 * the fault of the context (SOAP_TCP_ERROR, SOAP_SSL_ERROR).
 */
SOAP_SOCKET dial(struct soap *soap, const char *endpoint, const char *host, int port);

#endif
