/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Word lists of the tables that others want to read (`features`); NULL-terminated.
 */
#ifndef DAVIT_OCI_WORDS_H
#define DAVIT_OCI_WORDS_H

extern const char *const oci_namespace_words[];
extern const char *const oci_seccomp_arch_words[];

#endif
