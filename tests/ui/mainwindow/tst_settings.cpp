// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/aboutdialog.h"
#include "ui/mainwindow/glossary.h"
#include "ui/mainwindow/keyboardhelp.h"
#include "ui/mainwindow/settingsdialog.h"
#include "ui/panels/samplingform.h"
#include "ui/theme/theme.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QAccessible>
#include <QApplication>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTableWidget>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

namespace {

SettingsView sample() {
    SettingsView view;
    trace::DeviceInfo usable;
    usable.name = "llvmpipe";
    usable.type = "software";
    usable.usable = true;
    trace::DeviceInfo old;
    old.name = "Old card";
    old.reason = "its driver offers Vulkan 1.2 and Moescope needs 1.3.";
    view.devices = {old, usable};
    view.data_folder = "/tmp/data";
    view.sampling.temperature = 0.7;
    view.sampling_of_model.temperature = 0.5;
    return view;
}

/** What a screen reader says: the accessible name, or the text of a label. */
QString spokenName(const QWidget* widget) {
    const QAccessibleInterface* face = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
    return face != nullptr ? face->text(QAccessible::Name) : widget->accessibleName();
}

void checkNames(QWidget* root) {
    for (const QWidget* widget : root->findChildren<QWidget*>()) {
        if (widget->focusPolicy() != Qt::NoFocus && !widget->objectName().startsWith("qt_")) {
            QVERIFY2(!spokenName(widget).isEmpty(),
                     qPrintable(QString("%1 in %2")
                                    .arg(widget->metaObject()->className(),
                                         widget->parentWidget()->metaObject()->className())));
        }
    }
}

} // namespace

class TestSettings : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void unusableDeviceIsOffAndSaysWhy() {
        SettingsDialog dialog(sample());
        const auto choices = dialog.findChildren<QRadioButton*>();
        QCOMPARE(choices.size(), 1);
        QCOMPARE(choices[0]->text(), QString("llvmpipe"));
        QVERIFY(choices[0]->isChecked());
        bool said = false;
        for (const QLabel* label : dialog.findChildren<QLabel*>()) {
            said = said || label->text() == "Cannot be used: its driver offers Vulkan 1.2 and Moescope needs 1.3.";
        }
        QVERIFY(said);
    }

    void changesAreToldAtOnce() {
        SettingsDialog dialog(sample());
        dialog.show();
        QSignalSpy theme(&dialog, &SettingsDialog::themeChosen);
        QSignalSpy font(&dialog, &SettingsDialog::fontPercentChosen);
        QSignalSpy sampling(&dialog, &SettingsDialog::samplingDefaultsChanged);
        QSignalSpy folder(&dialog, &SettingsDialog::openDataFolderRequested);
        dialog.findChild<SegmentedControl*>()->setCurrentIndex(2);
        QCOMPARE(theme.count(), 1);
        QCOMPARE(theme[0][0].value<ThemeChoice>(), ThemeChoice::Dark);
        dialog.findChild<QSlider*>()->setValue(12);
        QCOMPARE(font.count(), 1);
        QCOMPARE(font[0][0].toInt(), 120);
        dialog.setPage(SettingsPage::Sampling);
        auto* temperature = dialog.findChild<SamplingForm*>()->findChild<QDoubleSpinBox*>();
        QCOMPARE(temperature->value(), 0.7);
        QPushButton* restore = nullptr;
        QPushButton* open = nullptr;
        for (QPushButton* each : dialog.findChildren<QPushButton*>()) {
            restore = each->text().startsWith("Restore") ? each : restore;
            open = each->text() == "Open folder" ? each : open;
        }
        restore->click();
        QCOMPARE(temperature->value(), 0.5);
        QCOMPARE(sampling.last()[0].value<SamplingView>().temperature, 0.5);
        dialog.setPage(SettingsPage::Data);
        QVERIFY(!restore->isVisible());
        open->click();
        QCOMPARE(folder.count(), 1);
    }

    void dialogsNameTheirControls() {
        SettingsDialog settings(sample());
        checkNames(&settings);
        AboutDialog about("1.2.3", {{"A", "text of a"}, {"B", "text of b"}});
        checkNames(&about);
        QCOMPARE(about.findChild<QPlainTextEdit*>()->toPlainText(), QString("text of a"));
        about.findChild<QListWidget*>()->setCurrentRow(1);
        QCOMPARE(about.findChild<QPlainTextEdit*>()->toPlainText(), QString("text of b"));
        KeyboardHelp help;
        checkNames(&help);
    }

    void theGlossaryIsReadByKeys() {
        Glossary glossary;
        checkNames(&glossary);
        glossary.show();
        QVERIFY(QTest::qWaitForWindowExposed(&glossary));
        auto* table = glossary.findChild<QTableWidget*>();
        QStringList terms;
        for (int row = 0; row < table->rowCount(); ++row) {
            terms << table->item(row, 0)->text();
            const QString meaning = table->item(row, 1)->text();
            QVERIFY2(meaning.endsWith(u'.'), qPrintable(meaning));
            // Whole, in as many lines as it needs.
            const QRect needed = table->fontMetrics().boundingRect(QRect(0, 0, table->columnWidth(1) - 24, 1000),
                                                                   Qt::TextWordWrap, meaning);
            QVERIFY2(table->rowHeight(row) >= needed.height(), qPrintable(meaning));
        }
        for (const char* term :
             {"Gate", "Margin", "Entropy", "CV", "Gini", "Lift", "Surprise", "KL", "Sink", "GQA", "CLA"}) {
            QVERIFY2(terms.contains(QLatin1String(term)), term);
        }
        QCOMPARE(QApplication::focusWidget(), table);
        QTest::keyClick(table, Qt::Key_Home, Qt::ControlModifier);
        QTest::keyClick(table, Qt::Key_Down);
        QCOMPARE(table->currentRow(), 1);
        QTest::keyClick(table, Qt::Key_Tab);
        QVERIFY(QApplication::focusWidget() != table);
        QTest::keyClick(table, Qt::Key_Escape);
        QVERIFY(!glossary.isVisible());
    }
};

QTEST_MAIN(TestSettings)
#include "tst_settings.moc"
