// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/app/gui/appfixture.h"

#include <QHash>
#include <QStringList>

namespace moescope::test {

/** What the table of a panel of Compare says otherwise than the store, and than the file of the needle grid in the data
 *  folder; sentences. Answers are to be aligned by words. */
QStringList comparisonFaults(App& app, const QString& dataFolder, const QString& panel);

/** Where a table's CSV is another than it was; empty: nowhere. Gates may differ by what the store rounds them to. */
QString differenceOf(const QString& before, const QString& after);

/** Records of a CSV file: quoted fields may hold commas, quotes and line breaks. */
QList<QStringList> recordsOf(const QString& csv);

} // namespace moescope::test
