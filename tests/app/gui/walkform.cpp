// SPDX-License-Identifier: Apache-2.0
#include "tests/app/gui/walkform.h"

#include "ui/panels/chartview.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/tabcorner.h"
#include "ui/theme/theme.h"
#include "ui/widgets/segmentedcontrol.h"
#include "ui/widgets/tabletwin.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QTest>
#include <QWindow>

#include <algorithm>

namespace moescope::test {
namespace {

const QString tableButton = QStringLiteral("Table of the same values");

void click(QWidget* widget, const QPoint& at) { QTest::mouseClick(widget, Qt::LeftButton, Qt::NoModifier, at); }

bool until(const std::function<bool()>& done) { return QTest::qWaitFor(done, walkPatience); }

QAbstractButton* tableButtonIn(const QWidget& of) {
    for (auto* button : of.findChildren<QAbstractButton*>()) {
        if (button->accessibleName() == tableButton && button->isEnabled() && !button->visibleRegion().isEmpty()) {
            return button;
        }
    }
    return nullptr;
}

} // namespace

QWidget* FormHand::front() const {
    QWidget* sheet = QApplication::activeModalWidget();
    return sheet != nullptr ? sheet : &window();
}

QWidget* FormHand::named(const QString& name) const {
    const auto found = [&]() -> QWidget* {
        for (auto* widget : front()->findChildren<QWidget*>()) {
            if (widget->accessibleName() == name && widget->isEnabled() && !widget->visibleRegion().isEmpty()) {
                return widget;
            }
        }
        return nullptr;
    };
    return until([&] { return found() != nullptr && front()->isActiveWindow(); }) ? found() : nullptr;
}

bool FormHand::fill(const QString& field, const QString& text) {
    const auto into = [&text](QWidget* target, const auto& written) {
        click(target, target->rect().center());
        // A list that dropped down gives the keys back a little later.
        if (!until([target] { return QGuiApplication::focusWindow() == target->window()->windowHandle(); })) {
            return false;
        }
        key(Qt::Key_A, Qt::ControlModifier);
        type(text);
        if (written() != text) {
            qWarning("“%s” is there in place of “%s”.", qPrintable(written()), qPrintable(text));
        }
        return written() == text;
    };
    QWidget* place = named(field);
    if (auto* line = qobject_cast<QLineEdit*>(place)) {
        return into(line, [line] { return line->text(); });
    }
    if (auto* box = qobject_cast<QSpinBox*>(place)) {
        return into(box->findChild<QLineEdit*>(), [box] { return box->cleanText(); });
    }
    if (auto* edit = qobject_cast<QPlainTextEdit*>(place)) {
        return into(edit->viewport(), [edit] { return edit->toPlainText(); });
    }
    return false;
}

bool FormHand::pick(const QString& box, const QString& entry, const std::function<void()>& look) {
    auto* choices = qobject_cast<QComboBox*>(named(box));
    const int at = choices != nullptr ? choices->findText(entry) : -1;
    if (at < 0) {
        return false;
    }
    click(choices, choices->rect().center());
    QAbstractItemView* list = choices->view();
    if (!until([list] { return list->isVisible(); })) {
        return false;
    }
    if (look) {
        look();
    }
    const QModelIndex index = choices->model()->index(at, choices->modelColumn(), choices->rootModelIndex());
    list->scrollTo(index);
    // The list drops the release of the click that opened it until the pointer has moved.
    QTest::mouseMove(list->viewport(), list->visualRect(index).center() + QPoint(12, 0));
    click(list->viewport(), list->visualRect(index).center());
    return until([&] { return !list->isVisible() && choices->currentIndex() == at; });
}

bool FormHand::pickSegment(const QString& control, const QString& segment) {
    auto* row = qobject_cast<ui::SegmentedControl*>(named(control));
    for (int at = 0; row != nullptr && at < row->count(); ++at) {
        if (row->textAt(at) == segment) {
            click(row, row->segmentRect(at).center());
            return row->currentIndex() == at;
        }
    }
    return false;
}

bool FormHand::chooseBelow(QWidget& button, const QString& entry, const std::function<void()>& look) {
    const auto choose = [&] {
        const auto menu = [] { return qobject_cast<QMenu*>(QApplication::activePopupWidget()); };
        if (!until([&menu] { return menu() != nullptr && menu()->isVisible(); })) {
            return false;
        }
        if (look) {
            look();
        }
        const QList<QAction*> actions = menu()->actions();
        const auto found = std::find_if(actions.begin(), actions.end(), [&entry](const QAction* action) {
            return plain(action->text()) == entry && action->isEnabled() && action->isVisible();
        });
        if (found == actions.end()) {
            menu()->close();
            return false;
        }
        click(menu(), menu()->actionGeometry(*found).center());
        return true;
    };
    return meanwhile([&button] { click(&button, button.rect().center()); }, choose) &&
           (QApplication::activeModalWidget() != nullptr || takeFocusBack());
}

bool FormHand::pressForFile(const QString& button, const QString& path) {
    bool pressed = false;
    return meanwhile([&] { pressed = press(button); }, [&] { return answerFileDialog(path); }) && pressed;
}

bool FormHand::leaveSheet() {
    return until([] { return QApplication::activeModalWidget() == nullptr; }) && takeFocusBack();
}

bool FormHand::showTable(const QString& panel, bool shown) {
    const ui::PanelFrame* frame = this->frame(panel);
    if (!goTo(panel)) {
        return false;
    }
    if (frame->isTwinShown() == shown) {
        return true;
    }
    // A panel among tabs may have it at their end, once it is in front.
    const auto button = [frame] {
        QAbstractButton* found = tableButtonIn(*frame);
        for (const auto* corner : frame->parentWidget()->findChildren<ui::TabCorner*>()) {
            if (found == nullptr && corner->panel() == frame) {
                found = tableButtonIn(*corner);
            }
        }
        return found;
    };
    if (!until([&button] { return button() != nullptr; })) {
        return false;
    }
    click(button(), button()->rect().center());
    return until([&] { return frame->isTwinShown() == shown && frame->twin()->isVisible() == shown; });
}

void FormHand::clickChart(ui::ChartView& chart, const QPoint& at, bool twice) {
    QTest::mouseMove(chart.viewport(), at);
    click(chart.viewport(), at);
    if (twice) {
        QTest::mouseDClick(chart.viewport(), Qt::LeftButton, Qt::NoModifier, at);
    }
}

void FormHand::pointAt(QWidget& widget) {
    QTest::mouseMove(&widget, widget.rect().center());
    QCoreApplication::processEvents();
}

bool WalkShots::begin() const { return !areWanted() || QDir().mkpath(m_folder); }

bool WalkShots::take(ui::MainWindow& window, const QString& step) const {
    if (!areWanted()) {
        return true;
    }
    QCoreApplication::processEvents();
    QPixmap picture = window.grab();
    for (QWidget* before : {QApplication::activeModalWidget(), QApplication::activePopupWidget()}) {
        if (before != nullptr) {
            QPainter(&picture).drawPixmap(before->mapToGlobal(QPoint()) - window.mapToGlobal(QPoint()), before->grab());
        }
    }
    const bool dark = ui::theme().scheme() == ui::Scheme::Dark;
    const QString name = QStringLiteral("%1-%2-%3-%4x%5.png")
                             .arg(m_walk, step, dark ? QStringLiteral("dark") : QStringLiteral("light"))
                             .arg(window.width())
                             .arg(window.height());
    return picture.save(QDir(m_folder).filePath(name));
}

} // namespace moescope::test
