/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SANDTRACE_VERSION_H
#define SANDTRACE_VERSION_H
#define SANDTRACE_VERSION "0.1.0"
#endif
